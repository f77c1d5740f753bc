"""Fuzzing of the image parsers (`make fuzz`): mutate images along their structure, parse them, check the result."""
