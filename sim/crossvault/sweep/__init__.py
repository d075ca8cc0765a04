"""Margin of many accounts at shared prices: a float64 engine as witness, and an engine equal to the mirror's integers.

`instruments`: the prices and parameters of one time. `population`: accounts as arrays. `floats`: float64 from the
specification. `exact`: the mirror's integers. `books`: accounts drawn from a seed.
"""
