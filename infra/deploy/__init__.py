"""`make deploy STACK=name`: check the account, region and caller of a deployment before anything is built."""
