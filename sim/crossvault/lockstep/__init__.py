"""The loop that plays steps on both sides, its record and its invariants."""
