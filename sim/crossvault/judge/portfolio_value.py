"""Portfolio margin of an account, of the underlyings that have parameters of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.loss_offsets import UnderlyingRisk, offset_loss, underlying_risk
from crossvault.judge.marks import NO_FEED
from crossvault.judge.rounding import WAD, ceiling, ceiling_of_both
from crossvault.judge.scenario_value import ScenarioProfits, by_expiry, scenario_profits

if TYPE_CHECKING:
    from crossvault.judge.books import Books
    from crossvault.judge.exposures import ValuedAccount, ValuedOption


class PortfolioLosses(NamedTuple):
    """Profits by scenario and losses of the modelled underlyings that an account holds, by number."""

    profits: dict[int, ScenarioProfits]
    risks: dict[int, UnderlyingRisk]


def modelled_underlyings(books: Books) -> frozenset[int]:
    """The underlyings that have parameters of portfolio margin, by number."""
    return frozenset(i for i, each in enumerate(books.underlyings) if each.portfolio is not None)


def portfolio_losses(books: Books, held: ValuedAccount) -> PortfolioLosses:
    """The losses of an account in the scenarios, by underlying."""
    numbers = {number for number, each in held.exposures.items() if each.floating}
    numbers |= {each.underlying for each in held.options} | {each.underlying for each in held.futures}
    numbers |= {each.book.underlying for each in held.collateral if each.value_wad}
    profits = {each: scenario_profits(books, held, each) for each in sorted(numbers & modelled_underlyings(books))}
    risks = {number: underlying_risk(books.rules.scenarios, each) for number, each in profits.items()}
    return PortfolioLosses(profits, risks)


def portfolio_requirement(books: Books, held: ValuedAccount, at: int) -> tuple[Bracket, Bracket]:
    """Requirement of the modelled underlyings, initial and maintenance: factor * loss + contingencies [wad]."""
    losses, rules = portfolio_losses(books, held), books.rules
    found = []
    for is_initial in (True, False):
        loss = offset_loss(*losses, rules.terms, rules.matrix, len(rules.scenarios), is_initial)
        factor = loss_factor(books, is_initial)
        extra = sum(contingency(books, held, number, is_initial) for number in modelled_underlyings(books))
        found.append(Bracket(ceiling(loss.low * factor, WAD) + extra, ceiling(loss.high * factor, WAD) + extra))
    return found[0], found[1]


def loss_factor(books: Books, is_initial: bool) -> int:
    """The part of a loss that is required; at initial more for a quote token below its peg [wad]."""
    terms, feed = books.rules.terms, books.cash.depeg.feed
    if not is_initial:
        return int(terms.loss_maintenance)
    quote = WAD if feed == NO_FEED else books.underlyings[feed].price.index_wad
    return int(terms.loss_initial) + ceiling(max(0, terms.peg_threshold - quote) * terms.peg_factor, WAD)


def contingency(books: Books, held: ValuedAccount, number: int, is_initial: bool) -> int:
    """Contingencies of perps and futures, naked shorts, haircuts and, at initial, uncertain prices [wad]."""
    book, exposure = books.underlyings[number], held.exposures.get(number)
    risk, index = book.model.contingency, book.price.index_wad
    gross = exposure.gross_size if exposure else 0
    doubt = doubt_rate(books, number, book.price.confidence) if is_initial else 0
    total = ceiling_of_both(gross, index, risk.perp_initial if is_initial else risk.perp_maintenance)
    total += ceiling_of_both(gross, index, doubt)
    for options in by_expiry(held, number).values():
        total += ceiling_of_both(naked(options), index, risk.option_initial if is_initial else risk.option_maintenance)
        if is_initial:
            sizes, rate = sum(abs(each.size) for each in options), doubt_rate(books, number, options[0].confidence)
            total += ceiling_of_both(sizes, index, rate)
    for each in held.collateral:
        if each.book.underlying == number:
            value, terms = min(each.value_wad, each.book.terms.cap_wad), each.book.terms
            total += ceiling(value * (terms.haircut_initial if is_initial else terms.haircut_maintenance), WAD)
            total += ceiling(value * doubt, WAD)
    return total


def doubt_rate(books: Books, number: int, confidence: int) -> int:
    """(1 - confidence) * factor below the threshold, rounded up [wad]."""
    risk = books.underlyings[number].model.contingency
    return 0 if confidence >= risk.confidence_threshold else ceiling((WAD - confidence) * risk.confidence_factor, WAD)


def naked(options: list[ValuedOption]) -> int:
    """Sizes of short options that no long of the same strike and kind pairs [wad]."""
    sums: dict[tuple[int, bool], int] = {}
    for each in options:
        sums[each.strike, each.is_call] = sums.get((each.strike, each.is_call), 0) + each.size
    return sum(max(0, -size) for size in sums.values())
