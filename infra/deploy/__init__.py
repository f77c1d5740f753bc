"""`make deploy STACK=name`: find out who deploys, and where to, before anything is built."""
