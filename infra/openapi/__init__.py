"""`make openapi`: write infra/openapi.yaml from the models of the service.

`document` builds the document, `examples` its examples. Both use the models that the service responds with.
"""
