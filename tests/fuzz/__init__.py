"""Images nobody meant to make, by the million: mutated along their structure, walked, and judged (`make fuzz`)."""
