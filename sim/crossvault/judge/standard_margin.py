"""Requirements of standard margin: per underlying, and per expiry of its options, with no risk offset between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from crossvault.judge.bracket import Bracket
from crossvault.judge.marks import payoff
from crossvault.judge.rounding import WAD, ceiling, ceiling_of_both

if TYPE_CHECKING:
    from crossvault.judge.books import UnderlyingBook
    from crossvault.judge.exposures import UnderlyingExposure, ValuedAccount, ValuedOption


def standard_requirement(
    account: ValuedAccount, books: Sequence[UnderlyingBook], is_initial: bool, modelled: frozenset[int] = frozenset()
) -> Bracket:
    """Requirement of an account at a level [wad]. modelled: underlyings that portfolio margin has instead."""
    exact = 0
    for number, exposure in account.exposures.items():
        if number not in modelled:
            exact += linear_requirement(exposure, is_initial)
            if is_initial:
                exact += contingency(exposure, account.depeg_rate)
    total = Bracket(exact, exact)
    if not account.options:
        return total
    for number, expiry in dict.fromkeys((each.underlying, each.expiry) for each in account.options):
        if number not in modelled:
            lines = [each for each in account.options if (each.underlying, each.expiry) == (number, expiry)]
            total = total.plus(expiry_requirement(account.exposures[number], lines, is_initial))
            if is_initial:
                total = total.plus(Bracket.of(_short_contingency(books[number], lines, account.depeg_rate)))
    return total


def margin_rate(exposure: UnderlyingExposure, is_initial: bool) -> int:
    """Requirement per net notional [wad]: the rate of the level, or the size term if it is larger; rounded up."""
    risk = exposure.book.risk
    size_term = risk.base_rate + ceiling(abs(exposure.size) * risk.impact_rate, risk.skew_scale)
    if is_initial:
        return max(risk.initial_rate, size_term)
    return max(risk.maintenance_rate, ceiling(size_term * risk.maintenance_scale, WAD))


def linear_requirement(exposure: UnderlyingExposure, is_initial: bool) -> int:
    """Requirement of perps and futures: N * (rate - spread) + (N + G) * spread, each term rounded up [wad].

    N is the net notional, N + G the gross.
    """
    if exposure.gross == 0:
        return 0
    spread, square = exposure.book.risk.spread_rate, WAD * WAD
    net = abs(exposure.net) * (margin_rate(exposure, is_initial) - spread)
    return ceiling(net, square) + ceiling(exposure.gross * spread, square)


def doubt_rate(book: UnderlyingBook, confidence: int) -> int:
    """(1 - confidence) * factor per notional of a price below the threshold, rounded up [wad]."""
    if confidence >= book.risk.confidence_threshold:
        return 0
    return ceiling((WAD - confidence) * book.risk.confidence_factor, WAD)


def contingency(exposure: UnderlyingExposure, depeg_rate: int) -> int:
    """At initial, for an uncertain price of positions and collateral, and for the quote token of positions [wad]."""
    price, total = exposure.book.price, 0
    if rate := doubt_rate(exposure.book, price.confidence):
        total += ceiling_of_both(exposure.gross_size + exposure.base, price.index_wad, rate)
    if depeg_rate:
        total += ceiling_of_both(exposure.gross_size, price.index_wad, depeg_rate)
    return total


def _short_contingency(book: UnderlyingBook, options: Iterable[ValuedOption], depeg_rate: int) -> int:
    """The same for short options, by the lowest confidence of the prices of each [wad]."""
    total, index_wad = 0, book.price.index_wad
    for each in options:
        if each.size < 0:
            total += ceiling_of_both(-each.size, index_wad, doubt_rate(book, each.confidence))
            total += ceiling_of_both(-each.size, index_wad, depeg_rate)
    return total


def expiry_requirement(exposure: UnderlyingExposure, options: Sequence[ValuedOption], is_initial: bool) -> Bracket:
    """The lesser of the shorts each alone, and the largest loss at expiry with the uncovered short calls [wad]."""
    book = exposure.book
    shorts = [each for each in options if each.size < 0]
    if not shorts:
        return Bracket(0, 0)
    low = ceiling(
        sum(-each.size * short_requirement(exposure, each, each.mark.low, is_initial) for each in shorts), WAD
    )
    high = ceiling(
        sum(-each.size * short_requirement(exposure, each, each.mark.high, is_initial) for each in shorts), WAD
    )
    uncovered = max(0, -sum(each.size for each in options if each.is_call))
    rate = book.options.unpaired_initial if is_initial else book.options.unpaired_maintenance
    paired = ceiling(largest_loss(options) + uncovered * ceiling(rate * options[0].forward, WAD), WAD)
    return Bracket(min(low, paired), min(high, paired))


def largest_loss(options: Sequence[ValuedOption]) -> int:
    """Largest loss of the options of one expiry over spot 0 and every strike [wad * wad, exact]."""
    spots = {0, *(each.strike for each in options)}
    return max(0, *(-sum(each.size * payoff(spot, each.strike, each.is_call) for each in options) for spot in spots))


def short_requirement(exposure: UnderlyingExposure, option: ValuedOption, mark_wad: int, is_initial: bool) -> int:
    """Requirement per unit of a short option alone, rounded up [wad]; it rises with the mark."""
    book = exposure.book
    risk, price = book.options, book.price
    if option.is_call:
        maintenance = ceiling(risk.call_rate * price.index_wad, WAD) + mark_wad
    else:
        by_mark = ceiling(risk.put_mark_rate * mark_wad, WAD)
        maintenance = max(ceiling(risk.put_rate * price.index_wad, WAD), by_mark) + mark_wad
    if not is_initial:
        return maintenance
    initial = max(_spot_requirement(book, option, spot) for spot in {price.index_wad, price.stable}) + mark_wad
    if exposure.waiting:  # the mark there is higher by at most the move
        there = _spot_requirement(book, option, exposure.waiting) + mark_wad + exposure.rise(option.is_call)
        initial = max(initial, there)
    return initial if option.is_call else max(initial, ceiling(risk.put_initial_scale * maintenance, WAD))


def _spot_requirement(book: UnderlyingBook, option: ValuedOption, spot_wad: int) -> int:
    """max(maxSpot - otm, minSpot) * spot, otm the distance out of the money as a part of the spot price [wad]."""
    apart = option.strike - spot_wad if option.is_call else spot_wad - option.strike
    otm = max(0, apart) * WAD // spot_wad
    return ceiling(max(book.options.max_spot_rate - otm, book.options.min_spot_rate) * spot_wad, WAD)
