"""What the test suites share: fakes, servers, sample images, sandboxes."""
