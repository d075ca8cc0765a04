"""Settings and input strategies of the tests of laws."""

from fractions import Fraction
from math import ceil, floor
from random import Random

from hypothesis import strategies as st

from crossvault.mirror.evm import UndoLog
from crossvault.mirror.feed import Feed
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.market import MarketRisk, OptionRisk
from profiles import law

FEEDER = "feeder"

LAW, LONG_LAW = law(), law(80)


def wide(low: int, high: int) -> st.SearchStrategy[int]:
    """Integers of every length with random digits, because the default strategy draws mostly short ones."""

    def drawn(seed: int) -> int:
        random = Random(seed)
        return low + min(high - low, random.getrandbits(random.randint(0, (high - low).bit_length())))

    return st.one_of(st.integers(low, high), st.integers(0, 2**32 - 1).map(drawn))


def both(most: int) -> st.SearchStrategy[int]:
    """Integers of every length and both signs."""
    return st.one_of(wide(0, most), wide(0, most).map(lambda each: -each))


words = st.integers(0, 2**256 - 1)
signeds = st.integers(-(2**255), 2**255 - 1)
amounts = wide(0, CAP)
sizes = both(CAP)
ratios = wide(0, WAD)
values = both(2**120)


@st.composite
def risks(draw: st.DrawFn, *, size_terms: bool = True) -> MarketRisk:
    """Risk parameters within the bounds of governance."""
    initial = draw(st.integers(1, WAD))
    maintenance = draw(st.integers(1, initial))
    return MarketRisk(
        heartbeat_secs=60,
        mark_band=draw(st.integers(0, WAD - 1)),
        trade_band=draw(ratios),
        initial_rate=initial,
        base_rate=draw(ratios) if size_terms else 0,
        impact_rate=draw(ratios) if size_terms else 0,
        maintenance_rate=maintenance,
        maintenance_scale=draw(ratios),
        spread_rate=draw(st.integers(0, maintenance)),
        profit_weight=draw(ratios),
        confidence_threshold=draw(ratios),
        confidence_factor=draw(ratios),
        skew_scale=draw(wide(1, CAP)),
    )


@st.composite
def option_risks(draw: st.DrawFn) -> OptionRisk:
    """Risk parameters of options within the bounds of governance."""
    most = draw(ratios)
    least = draw(st.integers(0, most))
    unpaired = draw(st.integers(WAD, 10 * WAD))
    return OptionRisk(
        heartbeat_secs=60,
        trade_band=draw(ratios),
        max_spot_rate=most,
        min_spot_rate=least,
        call_rate=draw(st.integers(0, least)),
        put_rate=draw(st.integers(0, least)),
        put_mark_rate=draw(ratios),
        put_initial_scale=draw(st.integers(WAD, 10 * WAD)),
        unpaired_initial=unpaired,
        unpaired_maintenance=draw(st.integers(WAD, unpaired)),
    )


def feed_of(*risks: MarketRisk) -> Feed:
    """Price doors over as many underlyings as there are risks, without a vault."""
    self = Feed(UndoLog())
    self.ledger.risks = risks
    self.is_feeder[FEEDER] = True
    return self


def exact(a: int, b: int, c: int) -> Fraction:
    """a * b / c."""
    return Fraction(a * b, c)


def low(value: Fraction) -> int:
    return floor(value)


def high(value: Fraction) -> int:
    return ceil(value)
