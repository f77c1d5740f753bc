"""What surrounds the service: building the artefact, a local AWS to deploy it to, and the demo on top."""
