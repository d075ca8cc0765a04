"""Parameters of a walk: the world, its owners, the pace of time, the range of amounts."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple, TypeVar

from crossvault.mirror import cash, collateral, liquidation, market, oracle, portfolio
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.refusal import Refusal

T = TypeVar("T")

_DAY_SECS = 86_400


class WalkParameters(NamedTuple):
    """A set of parameters of a walk; the defaults are those of a plain `Walk`.

    owners: accounts but for one and the buyers. pace: how likely time passes before a step. delay_secs: of governance.
    portfolio_pct: of the accounts, how many begin with portfolio margin. usual: the part of amounts that is within
    bounds. leaps: further times that may pass at once [seconds]. edge_pct: of the parameters, how many have a field at
    the end of its range.
    """

    owners: int = 8
    pace: float = 0.15
    delay_secs: int = 600
    portfolio_pct: int = 0
    usual: float = 0.98
    leaps: tuple[int, ...] = ()
    edge_pct: int = 0

    def labels(self) -> tuple[str, ...]:
        """The labels that a campaign counts."""
        return (
            f"{self.owners} owners",
            f"delay {self.delay_secs} s",
            f"portfolio margin for {self.portfolio_pct} % at first",
            "leaps in time" if self.leaps else "no leaps in time",
            f"{self.edge_pct} % of parameters at the ends of their ranges",
        )


def drawn(random: Random) -> WalkParameters:
    """A variety from a seed: one in three is plain."""
    if random.random() < 0.33:
        return WalkParameters()
    return WalkParameters(
        owners=random.choice((2, 3, 5, 8, 8, 8, 20)),
        pace=random.choice((0.02, 0.15, 0.15, 0.4)),
        delay_secs=random.choice((0, 1, 600, _DAY_SECS)),
        portfolio_pct=random.choice((0, 50, 100)),
        usual=random.choice((0.98, 0.98, 0.9)),
        leaps=random.choice(((), (_DAY_SECS,), (_DAY_SECS, 30 * _DAY_SECS, 365 * _DAY_SECS))),
        edge_pct=random.choice((0, 0, 10, 30)),
    )


_RANGES: dict[type, Callable[[Any], None]] = {
    market.MarketRisk: market.require_valid,
    market.OptionRisk: market.require_valid_options,
    oracle.PriceGuard: oracle.require_valid,
    cash.Interest: cash.require_valid_interest,
    collateral.HaircutTerms: collateral.require_valid,
    liquidation.AuctionTerms: liquidation.require_valid,
    portfolio.PortfolioRisk: portfolio.require_valid,
}


def at_an_end(random: Random, value: T) -> T:
    """A valid struct with one of its numbers at the least or the most that is allowed; itself where it has no range."""
    require = _RANGES.get(type(value))
    if require is None:
        return value
    changed: Any = value
    numbers = [name for name in changed._fields if isinstance(getattr(changed, name), int)]
    groups = [name for name in changed._fields if isinstance(getattr(changed, name), tuple)]
    if groups and (not numbers or random.random() < 0.8):
        group = random.choice(groups)
        inner = getattr(changed, group)
        ended = _ended(random, inner, lambda each: require(changed._replace(**{group: each})))
        found: T = changed._replace(**{group: ended})
        return found
    found = _ended(random, value, require)
    return found


def _ended(random: Random, value: Any, require: Callable[[Any], None]) -> Any:
    """Reads the end of a range from the refusal of the validator for a value far beyond it."""
    numbers = [name for name in value._fields if isinstance(getattr(value, name), int)]
    name, sign = random.choice(numbers), random.choice((-1, 1))
    try:
        require(value._replace(**{name: sign * 2**255}))
    except ParameterOutOfRange as refused:
        _, _, low, high = refused.args
        end = value._replace(**{name: low if sign < 0 else high})
        return end if _is_valid(end, require) else value
    except Refusal:
        return value
    return value


def _is_valid(value: Any, require: Callable[[Any], None]) -> bool:
    try:
        require(value)
    except Refusal:
        return False
    return True
