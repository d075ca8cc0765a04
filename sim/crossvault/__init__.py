"""A margin vault in Solidity, an exact mirror of it in Python, and the markets that drive both."""

__version__ = "0.1.0"
