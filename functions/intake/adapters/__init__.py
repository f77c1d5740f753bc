"""The world behind the ports: origins and S3."""
