"""A portfolio at one moment, and its margin by every method."""
