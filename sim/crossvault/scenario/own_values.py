"""Values of a file that the vault refuses in any state: prices, premiums, confidences, fractions, parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crossvault.differential.step import Step
from crossvault.mirror import cash, collateral, liquidation, market, oracle, surface
from crossvault.mirror.fixed import CAP, WAD
from crossvault.scenario import roster
from crossvault.scenario.file_part import FilePart
from crossvault.scenario.parameter_fields import PER_CENT, PRICE, out_of_range
from crossvault.scenario.roster import FieldError
from crossvault.scenario.source import Route

FieldProblem = tuple[Route, str]
"""A field inside a part of a file, and what is wrong with it."""

REFUSALS = (
    "ParameterOutOfRange", "ZeroPrice", "PriceTooLarge", "ConfidenceTooLarge", "FractionOutOfRange",
)  # fmt: skip
"""The refusals of such values."""

_RANGES: Mapping[str, tuple[int, int, str]] = {
    **dict.fromkeys(("price", "forward", "values", "at"), (1, CAP, PRICE)),
    **dict.fromkeys(("premium", "premiums"), (-oracle.MAX_PREMIUM, oracle.MAX_PREMIUM, PRICE)),
    "confidence": (0, WAD, PER_CENT),
    "fraction": (1, WAD, PER_CENT),
}
_VALID: Mapping[type, Callable[[Any], None]] = {
    market.MarketRisk: market.require_valid,
    market.OptionRisk: market.require_valid_options,
    oracle.PriceGuard: oracle.require_valid,
    collateral.HaircutTerms: collateral.require_valid,
    liquidation.AuctionTerms: liquidation.require_valid,
    cash.Interest: cash.require_valid_interest,
    cash.DepegTerms: lambda terms: cash.require_valid(terms, terms.feed + 1),
    surface.Svi: surface.require_valid,
}


def published(part: FilePart) -> Iterator[FieldProblem]:
    """The prices, premiums, confidences and fractions of a part that are out of range."""
    for name, (low, high, unit) in _RANGES.items():
        for route, value in _numbers(name, getattr(part, name, None)):
            if not low <= value <= high:
                yield route, out_of_range(value, low, high, unit)


def _numbers(name: str, value: Any) -> Iterator[tuple[Route, int]]:
    """The numbers of a field: one, those of a list, or those of a mapping."""
    if isinstance(value, int):
        yield (name,), value
    elif isinstance(value, list | dict):
        pairs = enumerate(value) if isinstance(value, list) else value.items()
        yield from (((name, key), each) for key, each in pairs)


def of_step(written: FilePart, step: Step) -> FieldProblem | None:
    """The first value of a written step that the vault refuses in any state. step: the step as the vault takes it."""
    if found := next(published(written), None):
        return found
    part = next((name for name in type(written).model_fields if isinstance(getattr(written, name), FilePart)), "")
    for value in step.args.values():
        try:
            if valid := _VALID.get(type(value)):
                roster.require(valid, value)
        except FieldError as wrong:
            return (part, *wrong.route), str(wrong)
    return None
