"""A portfolio at one moment, and what each method of margin asks for it."""
