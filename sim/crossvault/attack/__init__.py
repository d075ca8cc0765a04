"""A search for what a coalition of owners gains, or takes from others, on the model alone."""
