"""Decodes images if VERIFY=decode: verdicts, decoders, and the child process that runs them."""
