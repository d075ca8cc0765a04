"""Refusals by the listing, expiry and settlement of underlyings, collaterals and instruments."""

from crossvault.mirror.refusal import Refusal


class TooManyUnderlyings(Refusal):
    """An underlying would exceed the cap of listed underlyings."""

    count: int
    cap: int


class TooManyCollaterals(Refusal):
    """A collateral would exceed the cap of listed collaterals."""

    count: int
    cap: int


class TooManyDecimals(Refusal):
    """The decimals of a token are above their cap."""

    decimals: int
    cap: int


class UnknownUnderlying(Refusal):
    """No underlying has this number."""

    underlying: int


class UnknownCollateral(Refusal):
    """No collateral has this number."""

    collateral: int


class UnknownInstrument(Refusal):
    """No instrument has this number."""

    instrument: int


class TooManyExpiries(Refusal):
    """An expiry would exceed the cap of open expiries of an underlying."""

    count: int
    cap: int


class UnknownExpiry(Refusal):
    """The underlying has no such expiry."""

    underlying: int
    expiry: int


class ExpiryListed(Refusal):
    """An expiry is listed already."""

    underlying: int
    expiry: int


class ExpiryOutOfRange(Refusal):
    """An expiry is outside the range of listable times."""

    expiry: int
    low_at: int
    high_at: int


class InstrumentExpired(Refusal):
    """The instrument has expired."""

    instrument: int
    expiry: int
    now_at: int


class NotSettled(Refusal):
    """The expiry has no settlement price yet."""

    underlying: int
    expiry: int


class TokenListed(Refusal):
    """A token is listed already."""

    token: str


class UnknownCap(Refusal):
    """No cap of the vault has this name."""

    what: str


class CapExceeded(Refusal):
    """An amount of the whole vault would exceed its cap."""

    what: str
    number: int
    amount: int
    cap: int
