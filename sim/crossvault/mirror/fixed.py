"""Integers with the direction of every rounding in its name: the only code that divides, shifts or takes roots."""

from math import isqrt

from crossvault.mirror import number_errors

WAD = 10**18
RAY = 10**27
WAD_SQUARED = 10**36
CAP = 2**96 - 1
MAX_DECIMALS = 18

_MAX_INT = 2**255 - 1
_MAX_UINT = 2**256 - 1


def mul_div_down(a: int, b: int, c: int) -> int:
    """Product over divisor."""
    if c == 0 or (result := a * b // c) > _MAX_UINT:
        raise number_errors.FullMulDivFailed
    return result


def mul_div_up(a: int, b: int, c: int) -> int:
    """Product over divisor, rounded up."""
    if c == 0 or (result := -(-a * b // c)) > _MAX_UINT:
        raise number_errors.FullMulDivFailed
    return result


def mul_div_floor(a: int, b: int, c: int) -> int:
    """Signed product over divisor, toward minus infinity."""
    if (a < 0) == (b < 0):
        return signed(mul_div_down(abs(a), abs(b), c))
    return -signed(mul_div_up(abs(a), abs(b), c))


def mul_div_ceil(a: int, b: int, c: int) -> int:
    """Signed product over divisor, toward plus infinity."""
    if (a < 0) == (b < 0):
        return signed(mul_div_up(abs(a), abs(b), c))
    return -signed(mul_div_down(abs(a), abs(b), c))


def mul_div_down256(a: int, b: int, c: int) -> int:
    """Product of at most 256 bits over divisor."""
    return a * b // c


def half(a: int) -> int:
    """Half of a number, rounded down."""
    return a >> 1


def midpoint(a: int, b: int) -> int:
    """Middle of two numbers, rounded down."""
    return (a + b) >> 1


def part(value: int, fraction_wad: int) -> int:
    """Part of a signed value, toward zero."""
    magnitude = signed(mul_div_down(abs(value), fraction_wad, WAD))
    return -magnitude if value < 0 else magnitude


def horner(sum: int, x: int, coefficient: int) -> int:
    """Polynomial with its next coefficient, by Horner's rule."""
    return sum * x // RAY + coefficient


def sqrt_down(a: int) -> int:
    """Square root, rounded down."""
    return isqrt(a)


def sqrt_up(a: int) -> int:
    """Square root, rounded up."""
    root = sqrt_down(a)
    return root + 1 if root * root < a else root


def abs(a: int) -> int:
    """Magnitude of a signed number."""
    return -a if a < 0 else a


def signed(a: int) -> int:
    """Signed form of a magnitude."""
    if a > _MAX_INT:
        raise number_errors.MagnitudeTooLarge(a)
    return a


def min(a: int, b: int) -> int:
    """Smaller of two numbers."""
    return a if a < b else b


def max(a: int, b: int) -> int:
    """Larger of two numbers."""
    return a if a > b else b


def bits(word: int, low: int, width: int) -> int:
    """Field of a packed word."""
    return (word >> low) & ((1 << width) - 1)


def upper(word: int, low: int) -> int:
    """Field in the upper bits of a packed word."""
    return word >> low


def lower(word: int, width: int) -> int:
    """Signed field in the lower bits of a packed word."""
    field = word & ((1 << width) - 1)
    return field - (field >> (width - 1) << width)


def joined(high: int, low: int, width: int) -> int:
    """Packed word of two fields, of which the lower one is signed."""
    return (high << width) | (low & ((1 << width) - 1))


def with_bit(word: int, place: int) -> int:
    """Word in which a bit is set."""
    return word | (1 << place)
