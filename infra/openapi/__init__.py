"""`make openapi`: write infra/openapi.yaml from the models of the service.

`document` builds the document, `examples` makes its examples with the models that the service responds with.
"""
