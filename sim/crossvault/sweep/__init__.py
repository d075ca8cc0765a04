"""Many accounts at once, at prices that they share: a float64 witness and an engine equal to the mirror's integers.

`market`: the prices and parameters of a moment. `population`: accounts as arrays. `floats`: float64 from the
specification. `exact`: the mirror's integers. `books`: accounts drawn from a seed.
"""
