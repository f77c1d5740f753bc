"""Decodes images, where VERIFY=decode asks for it: verdicts, decoders, the child process that runs them."""
