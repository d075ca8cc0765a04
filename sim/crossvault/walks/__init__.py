"""Sequences of steps: random ones and set pieces."""
