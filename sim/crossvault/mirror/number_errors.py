"""Refusals of numbers: results that do not fit, and inputs outside their bounds."""

from crossvault.mirror.refusal import Refusal


class FullMulDivFailed(Refusal):
    """A product divided by a third number does not fit 256 bits, or the divisor is zero (raised by Solady)."""


class ExpOverflow(Refusal):
    """An exponential does not fit a signed 256-bit number (raised by Solady)."""


class LnWadUndefined(Refusal):
    """A number that is not above zero, or does not fit a signed one, has no logarithm (raised by Solady)."""


class MagnitudeTooLarge(Refusal):
    """A magnitude does not fit a signed 256-bit number."""

    magnitude: int


class ZeroAmount(Refusal):
    """The amount of a transfer is zero."""


class ZeroSize(Refusal):
    """The size of a trade or order is zero."""


class ZeroPrice(Refusal):
    """A price is zero."""


class AmountTooLarge(Refusal):
    """An amount is above the cap of all amounts."""

    amount_wad: int
    cap_wad: int


class SizeTooLarge(Refusal):
    """A position would be larger than the cap of all sizes."""

    size_wad: int
    cap_wad: int


class PriceTooLarge(Refusal):
    """A price is above the cap of all prices."""

    price_wad: int
    cap_wad: int


class ConfidenceTooLarge(Refusal):
    """A confidence is above one."""

    confidence_wad: int
    cap_wad: int


class FractionOutOfRange(Refusal):
    """A fraction is zero or above one."""

    fraction_wad: int
    cap_wad: int


class ParameterOutOfRange(Refusal):
    """A parameter is outside its range."""

    name: str
    value: int
    low: int
    high: int
