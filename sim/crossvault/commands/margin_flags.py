"""The flags of `crossvault margin` that are questions about a portfolio, in the words of its file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from crossvault.commands.exits import UsageError
from crossvault.mirror.fixed import CAP
from crossvault.portfolio import portfolio_file
from crossvault.portfolio.margin_questions import MarginQuestions
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.scenario import quantity, roster
from crossvault.scenario.parameter_fields import PRICE, out_of_range
from crossvault.scenario.source import ScenarioError

T = TypeVar("T")


def questions(arguments: Namespace, held: Portfolio) -> MarginQuestions:
    """The questions of the command line. Raises UsageError."""
    return MarginQuestions(
        _each("--until-liquidated-at", arguments.until, lambda text: _price(text, held)),
        _each("--max-size", arguments.max_sizes, lambda text: portfolio_file.instrument(text, held)),
        _each("--hedge", arguments.hedges, lambda text: _underlying(text, held)),
        arguments.liquidation,
    )


def _each(flag: str, texts: list[str], read: Callable[[str], T]) -> tuple[T, ...]:
    found: dict[T, None] = {}
    for text in texts:
        try:
            found[read(text.strip())] = None
        except (ValueError, ScenarioError) as wrong:
            raise UsageError(f"{flag}: {text!r}: {wrong}") from None
    return tuple(found)


def _underlying(name: str, held: Portfolio) -> int:
    if name not in held.units:
        raise ValueError(roster.missing(name, held.units))
    return held.units.index(name)


def _price(text: str, held: Portfolio) -> tuple[int, int]:
    """An underlying and its price, such as `ETH=1,500`; of one underlying, the price suffices."""
    name, equals, rest = text.rpartition("=")
    if not equals and len(held.units) > 1:
        raise ValueError(
            f"the portfolio has {', '.join(held.units)}: expected one of them, such as {held.units[0]}={text}"
        )
    underlying = _underlying(name.strip(), held) if equals else 0
    unit, number = held.units[underlying], rest.strip()
    price_wad = quantity.price(number if any(letter.isalpha() for letter in number) else f"{number} USD")
    if not 0 < price_wad <= CAP:
        raise ValueError(out_of_range(price_wad, 1, CAP, PRICE))
    if price_wad == held.prices[unit].index:
        raise ValueError(f"{unit} is at this price now: expected one below or above it")
    return underlying, price_wad
