"""`make openapi`: write infra/openapi.yaml from the models of the service."""
