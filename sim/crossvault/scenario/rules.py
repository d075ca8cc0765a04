"""Parameters of portfolio margin in the vault's form, validated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product

from crossvault.mirror import correlation, portfolio, shock
from crossvault.mirror.correlation import LossTerms, Matrix
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import Scenario
from crossvault.scenario import parameter_fields
from crossvault.scenario.portfolio_rules import PairPart, PortfolioMarginPart, RulesPart, ScenarioPart
from crossvault.scenario.roster import FieldError, require
from crossvault.scenario.source import Route, did_you_mean

MODES = {
    "still": shock.STILL, "up": shock.UP, "down": shock.DOWN, "linear": shock.LINEAR, "absolute": shock.ABSOLUTE,
}  # fmt: skip


def portfolio_risk(part: PortfolioMarginPart) -> portfolio.PortfolioRisk:
    """Portfolio margin of an underlying. Raises FieldError."""
    vol, skew, discount, basis, held = part.vol, part.skew, part.discount, part.basis, part.contingency
    risk = portfolio.PortfolioRisk(
        shock.VolRisk(vol.up, vol.down, vol.least, vol.short_power, vol.long_power, vol.floor),
        shock.SkewRisk(
            skew.linear_cap, skew.linear_base, skew.absolute_cap, skew.absolute_base,
            skew.min_width, skew.width_scale, skew.vol_static, skew.vol_scale,
        ),
        shock.RateRisk(
            discount.long_base, discount.long_scale, discount.long_add,
            discount.short_base, discount.short_scale, discount.short_add,
        ),
        portfolio.BasisRisk(basis.up, basis.down, basis.add, basis.per_year),
        portfolio.Contingency(
            held.perp_initial, held.perp_maintenance, held.option_initial, held.option_maintenance,
            held.confidence_threshold, held.confidence_factor,
        ),
    )  # fmt: skip
    require(portfolio.require_valid, risk)
    return risk


def rules(part: RulesPart, underlyings: Sequence[str]) -> Rules:
    """The rules for underlyings in this order. Raises FieldError."""
    found = tuple(each for place, written in enumerate(part.scenarios) for each in _scenarios(place, written))
    if len(found) > shock.MAX_SCENARIOS:
        raise FieldError("scenarios", f"are {len(found)}: expected at most {shock.MAX_SCENARIOS}")
    terms = LossTerms(
        part.breakdown, part.least_initial, part.least_maintenance, part.loss_initial, part.loss_maintenance,
        part.peg_threshold, part.peg_factor,
    )  # fmt: skip
    require(correlation.require_valid, terms)
    return Rules(found, terms, matrix(part, underlyings))


def _scenarios(place: int, written: ScenarioPart) -> Iterator[Scenario]:
    """The scenarios of one entry of the list. Raises FieldError."""
    for spot, vol in product(written.spots, written.vols):
        found = Scenario(spot, written.weight, MODES[vol])
        try:
            shock.require_scenarios((found,))
        except ParameterOutOfRange as refused:
            route, wrong = parameter_fields.problem(refused, found)
            raise FieldError(("scenarios", place, *route), wrong) from None
        yield found


def matrix(part: RulesPart, underlyings: Sequence[str]) -> Matrix:
    """Correlations of all pairs of underlyings. Raises FieldError."""
    _require_directions(("others",), part.others)
    for a, row in part.correlations.items():
        for b, pair in row.items():
            _require_pair(part, a, b, pair)
    pairs = [(a, b) for j, b in enumerate(underlyings) for a in underlyings[:j]]
    found = [_pair_of(part, a, b) for a, b in pairs]
    rest = (0,) * (correlation.MAX_PAIRS - len(found))
    for name, read in _DIRECTIONS.items():
        _require_positive_semidefinite(
            [[WAD if a == b else read(_pair_of(part, a, b)) for b in underlyings] for a in underlyings], name
        )
    return Matrix((*(each.alike for each in found), *rest), (*(each.opposite for each in found), *rest))


_DIRECTIONS: dict[str, Callable[[PairPart], int]] = {
    "alike": lambda pair: pair.alike, "opposite": lambda pair: pair.opposite,
}  # fmt: skip


def _pair_of(part: RulesPart, a: str, b: str) -> PairPart:
    return part.correlations.get(a, {}).get(b) or part.correlations.get(b, {}).get(a) or part.others


def _require_pair(part: RulesPart, a: str, b: str, pair: PairPart) -> None:
    if a == b:
        raise FieldError("correlations", f"{a} with itself: expected two underlyings")
    back = part.correlations.get(b, {}).get(a, pair)
    if back != pair:
        raise FieldError("correlations", f"{a} with {b} differs from {b} with {a}: expected a symmetric matrix")
    _require_directions(("correlations", a, b), pair)


def _require_directions(route: Route, pair: PairPart) -> None:
    for name, read in _DIRECTIONS.items():
        if abs(read(pair)) > WAD:
            raise FieldError((*route, name), parameter_fields.out_of_range(read(pair), -WAD, WAD))


def correlated_underlyings(part: RulesPart) -> list[str]:
    """Underlyings named by the correlations."""
    return list(dict.fromkeys(name for a, row in part.correlations.items() for name in (a, *row)))


def require_known(part: RulesPart, underlyings: Sequence[str]) -> None:
    """Requires correlations of listed underlyings only; those of a preset may name others. Raises FieldError."""
    if part.is_preset:
        return
    for a, row in part.correlations.items():
        for name in (a, *row):
            if name not in underlyings:
                raise FieldError("correlations", f"unknown name {name!r}: {did_you_mean(name, underlyings)}")


def _require_positive_semidefinite(given: Sequence[Sequence[int]], name: str) -> None:
    """Requires a positive semidefinite matrix: any other is impossible for prices. Exact."""
    rows = [[Fraction(each, WAD) for each in row] for row in given]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(row[k] for row in rows[k + 1 :])):
            raise FieldError("correlations", f"{name}: no prices move so: expected a positive semidefinite matrix")
        for i in range(k + 1, len(rows)) if pivot else ():
            part = rows[i][k] / pivot
            rows[i] = [x - part * y for x, y in zip(rows[i], rows[k], strict=True)]
