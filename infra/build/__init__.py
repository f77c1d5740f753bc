"""`make build` and `make sbom`: build the artifact that is deployed, check it, and list its packages.

`artifact` runs `sam build`, `botocore_data` removes what the functions do not read, `sbom` lists what is in the result,
and `template` reads template.yaml.
"""
