"""What the tests of `sam local` share."""
