"""Margin parameters by a rule: maintenance covers the 99 % expected shortfall of each class of book, initial 99.7 %."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from crossvault.sweep.population import Floats
from crossvault.sweep.shortfall import expected_shortfall

MAINTENANCE, INITIAL = 0.99, 0.997
TAILS = (-66, -33, 50, 100, 200, 300, 400, 500)  # spot shocks in percent, those of Derive
OTHERS_PCT = 90  # correlation of losses in the same direction of a pair without an estimate
BREAKDOWN_PCT = 20  # by which correlations change at initial: no data of these files show a breakdown

_INNER = (0.75, 0.5, 0.25, 0, -0.25, -0.5, -0.75)  # of the widest shock
_EXACT = 1e-9  # a float above a step by less is on it
Losses = Mapping[str, Mapping[str, Floats]]  # by class of book and book, relative to the price of one leg


@dataclass(frozen=True)
class Shortfall:
    """Expected shortfall of the worst book of a class, relative to the price of one leg."""

    kind: str
    book: str
    moves: int
    maintenance: float
    initial: float


def shortfalls(losses: Losses) -> dict[str, Shortfall]:
    """The worst book of every class at either level, 0 where all gain; the book is that at maintenance."""
    found = {}
    for kind, books in losses.items():
        low, high = (
            {book: expected_shortfall(each, level) for book, each in books.items()} for level in (MAINTENANCE, INITIAL)
        )
        book = max(low, key=low.__getitem__)
        found[kind] = Shortfall(kind, book, books[book].size, max(0.0, low[book]), max(0.0, *high.values()))
    return found


def parameters(found: Mapping[str, Shortfall]) -> dict[str, Any]:
    """The parameters that the rule gives, by their path in a preset; percents as text."""
    linear, basis = [found["outright"], found["perp"]], found["basis"]
    widest, kept = up(max(each.initial for each in linear), 0.5), up(max(each.maintenance for each in linear), 0.5)
    share = up(max(each.maintenance for each in linear) / widest * 100, 1)
    rates = dict.fromkeys(("min spot rate", "call rate", "put rate", "put mark rate"), percent(kept))
    made: dict[str, Any] = {
        "standard.perps.initial margin": percent(widest),
        "standard.perps.maintenance margin": percent(kept),
        "standard.perps.spread rate": percent(up(basis.initial / 2, 0.1)),
        "standard.options.max spot rate": percent(widest),
        **{f"standard.options.{name}": rate for name, rate in rates.items()},
        "portfolio.contingency.perp initial": percent(up(basis.initial, 0.1)),
        "portfolio.contingency.perp maintenance": percent(up(basis.maintenance, 0.1)),
        "rules.scenarios": scenarios(widest),
        "rules.loss maintenance": percent(share),
        "rules.breakdown": percent(BREAKDOWN_PCT),
    }
    for side in ("up", "down"):
        vol = found[f"vol {side}"]
        made[f"portfolio.vol.{side}"] = percent(up(max(vol.initial, vol.maintenance / share * 100), 1))
    alike, opposite = correlations(found, widest, share)
    made["rules.correlations.ETH.BTC.alike"] = percent(alike)
    made["rules.correlations.ETH.BTC.opposite"] = percent(opposite)
    return made


def scenarios(widest_pct: float) -> list[dict[str, Any]]:
    """Spot shocks up to the widest one, and tails in which a linear book loses no more than in the widest."""
    inner = [percent(widest_pct * part) for part in _INNER]
    regular = [
        {"spots": [percent(widest_pct)], "vols": ["up"]},
        {"spots": inner, "vols": ["down", "still", "up"]},
        {"spots": [percent(-widest_pct)], "vols": ["up"]},
    ]
    tails = [
        {"spots": [percent(spot)], "vols": ["up"], "weight": percent(down(widest_pct / abs(spot), 0.01))}
        for spot in TAILS
    ]
    return [*regular, *tails, {"spots": [percent(0)], "vols": ["linear", "absolute"]}]


def correlations(found: Mapping[str, Shortfall], widest_pct: float, share_pct: float) -> tuple[float, float]:
    """Correlations of losses of a pair in percent: Loss² = 2 W² (1 + alike), or 2 W² (1 - opposite), covers its losses.

    W is the loss of a leg: the widest shock at initial, its share at maintenance. At initial both correlations move by
    the breakdown. A pair that is estimated is no less alike than others: no prices could move so.
    """
    legs = {"maintenance": widest_pct * share_pct / 10**4, "initial": widest_pct / 100}

    def needed(kind: str, level: str) -> float:
        """Half of (loss of the pair / W)²."""
        loss: float = getattr(found[kind], level)
        return (loss / legs[level]) ** 2 / 2

    alike = max(needed("pair alike", level) for level in legs) - 1
    opposite = 1 - needed("pair opposite", "maintenance")
    broken = 1 - needed("pair opposite", "initial") + BREAKDOWN_PCT / 100
    return min(100, max(OTHERS_PCT, up(alike, 5))), max(0, down(min(opposite, broken, 1), 5))


def up(share: float, step_pct: float) -> float:
    """A share in percent, rounded up to a step."""
    return _steps(ceil(share * 100 / step_pct - _EXACT), step_pct)


def down(share: float, step_pct: float) -> float:
    """A share in percent, rounded down to a step."""
    return _steps(floor(share * 100 / step_pct + _EXACT), step_pct)


def percent(value_pct: float) -> str:
    """A percentage as presets write it: `18.5 %`."""
    return f"{value_pct + 0.0:.6f}".rstrip("0").rstrip(".") + " %"


def _steps(count: int, step_pct: float) -> float:
    return round(count * step_pct, 6)
