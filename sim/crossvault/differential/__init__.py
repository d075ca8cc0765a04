"""The steps, the model and the exact comparison of the two sides."""
