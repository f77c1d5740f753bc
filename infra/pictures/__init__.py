"""Pictures to send through the service, and a server for them on loopback."""
