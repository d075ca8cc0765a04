"""The rows of margins: every term of the margin balance and of the requirement of an account, by method and level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import expiry_name
from crossvault.history.account_history import MODES
from crossvault.history.step_history import Row, named_instrument
from crossvault.mirror import (
    account as accounts,
    cash,
    collateral,
    correlation,
    fixed,
    margin,
    market,
    portfolio,
    stakes,
    standard,
    valuation,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level

BALANCE, REQUIREMENT = "balance", "requirement"
ISOLATED = "isolated"


class MarginTerm(NamedTuple):
    """A term of a margin balance or of a requirement: what it is, of what, and its value [wad]."""

    part: str
    term: str
    of: str | None
    value_wad: int


def margin_rows(account: AccountId, at: int, model: Model, book: Book) -> Iterator[Row]:
    """The rows of an account at a time [unix seconds], without step and time. book: by its own method."""
    own = model.vault.ledger.holders[account].mode
    yield from _rows(account, MODES[own], True, model, book)
    with suppress(Refusal):  # a method that cannot value the account has no rows
        if other := _other_book(account, at, model, own):
            yield from _rows(account, MODES[1 - own], False, model, other)
    with suppress(Refusal):
        alone = {
            each: _alone(account, at, model, each) for each in accounts.instruments(model.vault.ledger.holders[account])
        }
        for level in Level if alone else ():
            for term in _isolated(model, book, alone, level):
                yield str(account), ISOLATED, False, level.name.lower(), *term


def _rows(account: AccountId, method: str, in_force: bool, model: Model, book: Book) -> Iterator[Row]:
    for level in Level:
        for term in (*balance_terms(model, book, level), *requirement_terms(model, book, level)):
            if term.value_wad or term.term == "cash":
                yield str(account), method, in_force, level.name.lower(), *term


def balance_terms(model: Model, book: Book, level: Level) -> Iterator[MarginTerm]:
    """The terms of the margin balance of a book; their sum is the margin balance."""
    state, initial = model.vault.ledger, level == Level.INITIAL
    yield MarginTerm(BALANCE, "cash", None, book.cash_wad)
    for holding, asset in zip(book.holdings, state.assets, strict=True):
        yield MarginTerm(BALANCE, "collateral", asset.token, _credit(book, holding, level))
    for exposure, name in zip(book.exposures, state.names, strict=True):
        gain_wad = exposure.safe_gain_wad if initial else exposure.gain_wad
        weight = exposure.risk.profit_weight if initial else WAD
        yield MarginTerm(BALANCE, "profit", name, fixed.mul_div_down(gain_wad, weight, WAD))
        yield MarginTerm(BALANCE, "loss", name, exposure.safe_loss_wad if initial else exposure.loss_wad)
    for line in book.lines:
        if margin.is_modelled(book, line.underlying):
            value_wad = fixed.mul_div_floor(line.size, line.mark_wad, WAD)
            yield MarginTerm(BALANCE, "option", _option(line, state.names), value_wad)


def _credit(book: Book, holding: margin.Holding, level: Level) -> int:
    terms, initial = holding.terms, level == Level.INITIAL
    if holding.faded_wad:
        return 0 if initial else margin.faded_credit(holding)
    haircut = terms.haircut_initial if initial else terms.haircut_maintenance
    if margin.is_modelled(book, holding.underlying):
        haircut = 0  # it is in the requirement
    return collateral.credit(holding.safe_wad if initial else holding.value_wad, haircut, terms.cap_wad)


def requirement_terms(model: Model, book: Book, level: Level) -> Iterator[MarginTerm]:
    """The terms of the requirement of a book; their sum is the requirement."""
    names = model.vault.ledger.names
    for number, (exposure, name) in enumerate(zip(book.exposures, names, strict=True)):
        if margin.is_modelled(book, number):
            continue
        net_wad = _net(exposure, level)
        yield MarginTerm(REQUIREMENT, "net", name, net_wad)
        yield MarginTerm(REQUIREMENT, "spread", name, standard.requirement(exposure, level) - net_wad)
        doubt_wad = standard.contingency(exposure, 0, level)
        yield MarginTerm(REQUIREMENT, "doubtful price", name, doubt_wad)
        peg_wad = standard.contingency(exposure, book.depeg_rate_wad, level) - doubt_wad
        yield MarginTerm(REQUIREMENT, "doubtful peg", name, peg_wad)
    yield from _option_terms(book, level, names)
    if book.stakes:
        yield from _portfolio_terms(model, book, level)


def _net(exposure: standard.Exposure, level: Level) -> int:
    """The requirement of the net of longs and shorts; what the gross adds is the spread."""
    if exposure.gross_wad2 == 0:
        return 0
    rate = standard.rate(exposure.risk, exposure.size_wad, level)
    return fixed.mul_div_up(abs(exposure.net_wad2), rate, fixed.WAD_SQUARED)


def _option_terms(book: Book, level: Level, names: tuple[str, ...]) -> Iterator[MarginTerm]:
    for place, line in enumerate(book.lines):
        if margin.is_modelled(book, line.underlying):
            continue
        exposure = book.exposures[line.underlying]
        doubt_wad = standard.short_contingency(exposure, line, book.depeg_rate_wad, level)
        yield MarginTerm(REQUIREMENT, "doubtful price or peg", _option(line, names), doubt_wad)
        if margin.is_first(book.lines, place):
            expiry = f"{names[line.underlying]}-{expiry_name(line.expiry)}"
            value_wad = standard.strip_requirement(exposure, book.lines, place, level)
            yield MarginTerm(REQUIREMENT, "options", expiry, value_wad)


def _portfolio_terms(model: Model, book: Book, level: Level) -> Iterator[MarginTerm]:
    state, initial = model.vault.ledger, level == Level.INITIAL
    feed = state.cash.terms.feed
    quote_wad = WAD if feed == cash.NO_FEED else state.prices[feed].index
    loss_wad = book.verdict.loss_initial_wad if initial else book.verdict.loss_maintenance_wad
    factor = correlation.loss_factor(state.model.data.rules.terms, quote_wad, level)
    yield MarginTerm(REQUIREMENT, "scenario loss", None, fixed.mul_div_up(loss_wad, factor, WAD))
    risks = state.model.data.risks
    exposures = stakes.gather(book.stakes, book.holdings, book.lines, book.futures, risks)
    for exposure, name in zip(exposures, state.names, strict=True):
        held = exposure.risk.contingency
        yield MarginTerm(REQUIREMENT, "perps and futures", name, portfolio.perp_contingency(exposure, level))
        naked_wad = sum(portfolio.option_contingency(exposure, term, level) for term in exposure.terms)
        yield MarginTerm(REQUIREMENT, "naked options", name, naked_wad)
        haircut_wad = sum(portfolio.hedge_contingency(held, hedge, level) for hedge in exposure.hedges)
        yield MarginTerm(REQUIREMENT, "haircut", name, haircut_wad)
        yield MarginTerm(REQUIREMENT, "doubtful price", name, portfolio.doubt(exposure, level))


def _other_book(account: AccountId, at: int, model: Model, own: int) -> Book | None:
    """The account by the method that is not its own; None where it cannot have it. The model is unchanged."""
    state = model.vault.ledger
    holder = state.holders[account]
    if own == accounts.STANDARD:
        options = sum(market.is_option(market.kind_of(each)) for each in accounts.instruments(holder))
        if not state.model.data.rules.scenarios or not accounts.instruments(holder) or options > accounts.MAX_OPTIONS:
            return None
    try:
        holder.mode = 1 - own
        return valuation.book(state, account, now=at)
    finally:
        model.journal.undo()


def _isolated(model: Model, book: Book, alone: Mapping[int, Book], level: Level) -> Iterator[MarginTerm]:
    """The capital that each position needs in an account of its own, and the haircut of the collateral."""
    state = model.vault.ledger
    yield MarginTerm(BALANCE, "equity", None, margin.equity(book))
    for holding, asset in zip(book.holdings, state.assets, strict=True):
        if cut_wad := holding.value_wad - _credit(Book(0, [], [], []), holding, level):
            yield MarginTerm(REQUIREMENT, "haircut", asset.token, cut_wad)
    for instrument, each in alone.items():
        capital_wad = margin.equity(each) - margin.margin(each, level)
        yield MarginTerm(REQUIREMENT, "position", named_instrument(instrument, state.names), capital_wad)


def _alone(account: AccountId, at: int, model: Model, instrument: int) -> Book:
    """A position of an account in an account of its own, in standard mode. The model is unchanged."""
    state = model.vault.ledger
    holder = state.holders[account]
    try:
        word = accounts.word_of(instrument, accounts.entry(holder, instrument).size)
        holder.mode, holder.principal, holder.words = accounts.STANDARD, 0, (word,)
        for number in range(len(state.assets)):
            holder.balances[number] = 0
        return valuation.book(state, account, now=at)
    finally:
        model.journal.undo()


def _option(line: standard.HeldOption, names: tuple[str, ...]) -> str:
    kind = market.CALL if line.is_call else market.PUT
    return named_instrument(market.instrument_of(line.underlying, kind, line.expiry, line.strike_wad), names)
