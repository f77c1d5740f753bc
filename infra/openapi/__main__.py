"""`python -m infra.openapi`: write infra/openapi.yaml."""

from infra.openapi.document import PATH, render

if __name__ == "__main__":
    PATH.write_text(render())
