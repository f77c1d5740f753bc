"""Build, deploy and run image-intake: the code behind the commands of the Makefile, and its declarations."""
