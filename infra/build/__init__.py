"""`make build`: the artifact that is deployed, and the list of its packages (SBOM)."""
