"""Every refusal because of what is listed, expired or settled."""

from crossvault.mirror.refusal import Refusal


class TooManyUnderlyings(Refusal):
    """More underlyings would be listed than allowed."""

    count: int
    cap: int


class TooManyCollaterals(Refusal):
    """More collaterals would be listed than allowed."""

    count: int
    cap: int


class TooManyDecimals(Refusal):
    """A token has more decimals than allowed."""

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
    """More expiries of an underlying would be open than allowed."""

    count: int
    cap: int


class UnknownExpiry(Refusal):
    """No instrument of the underlying ends then."""

    underlying: int
    expiry: int


class ExpiryListed(Refusal):
    """An expiry is listed already."""

    underlying: int
    expiry: int


class ExpiryOutOfRange(Refusal):
    """An expiry is too near or too far to be listed."""

    expiry: int
    low_at: int
    high_at: int


class InstrumentExpired(Refusal):
    """An instrument has ended."""

    instrument: int
    expiry: int
    now_at: int


class NotSettled(Refusal):
    """It is not known yet what an expiry settles at."""

    underlying: int
    expiry: int


class TokenListed(Refusal):
    """A token is listed already."""

    token: str
