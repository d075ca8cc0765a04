"""Units of the vault's numbers, and division that rounds by name.

`a // b` is the floor of the exact quotient, of negative numbers too; `ceiling(a, b)` is its ceiling.
"""

from __future__ import annotations

WAD = 10**18
RAY = 10**27
YEAR = 365 * 86_400  # seconds


def ceiling(numerator: int, divisor: int) -> int:
    """The exact quotient rounded up."""
    return -(-numerator // divisor)


def ceiling_of_both(size_wad: int, price_wad: int, rate_wad: int) -> int:
    """size * price * rate [wad]: the notional is rounded up, then its product with the rate."""
    return ceiling(ceiling(size_wad * price_wad, WAD) * rate_wad, WAD)
