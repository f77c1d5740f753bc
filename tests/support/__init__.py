"""Shared by the test suites: fakes, servers, sample images, sandboxes."""
