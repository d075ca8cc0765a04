"""Exposures of portfolio margin: collateral and options of a valued account, by underlying and expiry."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.mirror import fixed, margin, standard
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.portfolio import ExpiryHoldings, ExpiryOption as PortfolioLine, Hedge
from crossvault.mirror.standard import HeldOption


def gather(book: Book) -> None:
    """Adds collateral and options to the exposures of a book."""
    for i in range(len(book.stakes)):
        if not margin.is_modelled(book, i):
            continue
        book.stakes[i].hedges = hedges(book, i)
        book.stakes[i].terms = terms(book, i)


def hedges(book: Book, underlying: int) -> list[Hedge]:
    """Collateral of an account that an underlying prices."""
    found = []
    for held in book.holdings:
        if not is_hedge(held, underlying):
            continue
        value_wad = fixed.min(held.value_wad, held.terms.cap_wad)
        confidence_wad = book.exposures[underlying].confidence_wad
        found.append(Hedge(value_wad, held.terms.haircut_initial, held.terms.haircut_maintenance, confidence_wad))
    return found


def is_hedge(held: Holding, underlying: int) -> bool:
    """Whether a collateral balance is positive and priced by an underlying."""
    return held.value_wad != 0 and held.underlying == underlying


def terms(book: Book, underlying: int) -> list[ExpiryHoldings]:
    """Options of an account on an underlying, by expiry."""
    lines = book.lines
    firsts = [i for i, line in enumerate(lines) if line.underlying == underlying and margin.is_first(lines, i)]
    return [term(lines, i) for i in firsts]


def term(lines: Sequence[HeldOption], first: int) -> ExpiryHoldings:
    """Options of one expiry."""
    sample = lines[first]
    return ExpiryHoldings(
        fixed_wad=sample.fixed_wad,
        floating_wad=sample.forward_wad - sample.fixed_wad,
        rate_wad=sample.rate_wad,
        secs=sample.secs,
        confidence_wad=sample.confidence_wad,
        lines=[
            PortfolioLine(line.strike_wad, line.is_call, line.size, line.vol_wad, line.mark_wad)
            for line in lines[first:]
            if standard.is_same_term(line, sample)
        ],
    )
