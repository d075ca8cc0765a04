"""Tools besides Python: their locations and installation."""
