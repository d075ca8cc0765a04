"""The margin of an account, line by line, as on paper: margin balance and requirement of each level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crossvault.mirror import account as accounts, cash, collateral, fixed, funding, ledger, margin, market, standard
from crossvault.mirror.account import AccountId, entry
from crossvault.mirror.collateral import Asset
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.ruleset import ModelParameters
from crossvault.mirror.standard import Exposure, Level
from crossvault.report.explain_options import StatementLine, strip_terms
from crossvault.report.explain_portfolio import option_values, portfolio_terms
from crossvault.report.figures import amount, decimal, percent, usd

__all__ = ["MarginStatement", "StatementContext", "StatementLine", "margin_statement", "statement_context"]


class MarginStatement(NamedTuple):
    """Lines of the margin balance and of the requirement of an account at one level; totals of those that count."""

    level: Level
    balance: tuple[StatementLine, ...]
    requirement: tuple[StatementLine, ...]

    @property
    def margin_balance_wad(self) -> int:
        """Margin balance: the contract's adjusted equity."""
        return sum(line.value_wad for line in self.balance if line.counts)

    @property
    def requirement_wad(self) -> int:
        """Margin requirement."""
        return sum(line.value_wad for line in self.requirement if line.counts)

    @property
    def buffer_wad(self) -> int:
        """Margin balance less requirement."""
        return self.margin_balance_wad - self.requirement_wad


class StatementContext(NamedTuple):
    """The context of a book: assets, names of underlyings, the formula of cash, funding due by underlying [wad].

    model and quote_wad: the parameters of portfolio margin, and the price of the quote token.
    """

    assets: Sequence[Asset]
    names: Sequence[str]
    cash: str = ""
    funding: Sequence[int] = ()
    model: ModelParameters = ModelParameters()
    quote_wad: int = WAD


def statement_context(state: State, account: AccountId, at: int) -> StatementContext:
    """The context of the book of an account at a time [unix seconds]."""
    due = [0] * len(state.risks)
    settled_wad = 0
    holder = state.holders[account]
    for instrument in accounts.instruments(holder):
        position, underlying = accounts.entry(holder, instrument), market.underlying_of(instrument)
        grown = ledger.funding_index(state, instrument, now=at) - position.funding_index
        if market.kind_of(instrument) == market.PERP:
            due[underlying] += funding.payment(position.size, grown)
        elif settlement_wad := state.curves[market.term_of(underlying, market.expiry_of(instrument))].settlement:
            settled_wad += ledger.settled_value(entry(state.holders[account], instrument), settlement_wad)
    feed = state.cash.terms.feed
    quote_wad = WAD if feed == cash.NO_FEED else state.prices[feed].index
    formula = _cash(state, holder.principal, settled_wad, at)
    return StatementContext(state.assets, state.names, formula, due, state.model.data, quote_wad)


def _cash(state: State, principal: int, settled_wad: int, at: int) -> str:
    """The formula of cash, where interest or a settlement is in it."""
    now = cash.indexes(state.cash, now=at)
    index = now.borrow if principal < 0 else now.supply
    kind = "borrow" if principal < 0 else "supply"
    text = f"{usd(principal)} × {kind} index {decimal(index, 6, 27)}" if index != fixed.RAY and principal else ""
    if settled_wad:
        text += f"{text and ', '}{usd(settled_wad)} of it from what has settled"
    return text


def margin_statement(book: Book, level: Level, context: StatementContext) -> MarginStatement:
    """The margin statement of a valued account."""
    balance = [StatementLine("cash", context.cash, book.cash_wad)]
    pairs = zip(book.holdings, context.assets, strict=True)
    balance += [_credit(book, holding, asset, level) for holding, asset in pairs if holding.value_wad]
    requirement: list[StatementLine] = []
    due = context.funding or [0] * len(book.exposures)
    for number, (exposure, name, received) in enumerate(zip(book.exposures, context.names, due, strict=True)):
        if exposure.gross_wad2:
            balance += _profits(exposure, level, name, received)
        if margin.is_modelled(book, number):
            balance += option_values(book, number, name, level)
            continue
        if exposure.gross_wad2:
            requirement += _requirements(exposure, level, name)
        requirement += _doubts(exposure, book.depeg_rate_wad, level, name)
    requirement += strip_terms(book, level, context.names)
    if book.stakes:
        requirement += portfolio_terms(book, level, context.names, context.model, context.quote_wad)
    made = MarginStatement(level, tuple(balance), tuple(requirement))
    assert made.margin_balance_wad == margin.adjusted_equity(book, level)
    assert made.requirement_wad == margin.requirement(book, level)
    return made


def _credit(book: Book, holding: Holding, asset: Asset, level: Level) -> StatementLine:
    terms, initial = holding.terms, level == Level.INITIAL
    haircut = terms.haircut_initial if initial else terms.haircut_maintenance
    value_wad = holding.safe_wad if initial else holding.value_wad
    if holding.faded_wad:
        return _faded(holding, asset, initial)
    value = usd(value_wad) + (f" at the {_lowest(book, holding)} price" if value_wad != holding.value_wad else "")
    if value_wad > terms.cap_wad:
        value = f"cap {usd(terms.cap_wad)} (value {value})"
    if margin.is_modelled(book, holding.underlying):  # its moves and its haircut are in the requirement
        return StatementLine(f"{asset.token} as collateral", value, collateral.credit(value_wad, 0, terms.cap_wad))
    credit = collateral.credit(value_wad, haircut, terms.cap_wad)
    return StatementLine(f"{asset.token} as collateral", f"{value} × (1 − {percent(haircut)})", credit)


def _faded(holding: Holding, asset: Asset, initial: bool) -> StatementLine:
    """A collateral at a stale price: nothing at initial, at maintenance what has not faded."""
    if initial:
        return StatementLine(f"{asset.token} as collateral", "nothing at a stale price", 0)
    terms = holding.terms
    value = f"{usd(fixed.min(holding.value_wad, terms.cap_wad))} × (1 − {percent(terms.haircut_maintenance)})"
    value += f" × (1 − {percent(holding.faded_wad)} faded at a stale price)"
    return StatementLine(f"{asset.token} as collateral", value, margin.faded_credit(holding))


def _lowest(book: Book, holding: Holding) -> str:
    """The name of the price at which a collateral counts at initial."""
    exposure = book.exposures[holding.underlying]
    return "waiting" if standard.lowest(exposure) == exposure.pending_wad else "stable"


def _profits(exposure: Exposure, level: Level, name: str, received: int) -> Iterator[StatementLine]:
    initial = level == Level.INITIAL
    gain_wad = exposure.safe_gain_wad if initial else exposure.gain_wad
    loss_wad = exposure.safe_loss_wad if initial else exposure.loss_wad
    worst = "worst of index, stable and waiting" if exposure.pending_wad else "worse of index and stable"
    safe = f", at the {worst} price" if (gain_wad, loss_wad) != _plain(exposure) else ""
    if received:
        safe += f", with {usd(received)} of funding"
    if gain_wad:
        weight = exposure.risk.profit_weight if initial else WAD
        gained = fixed.mul_div_down(gain_wad, weight, WAD)
        yield StatementLine(f"{name} profit", f"{usd(gain_wad)} × weight {percent(weight)}{safe}", gained)
    if loss_wad:
        yield StatementLine(f"{name} loss", f"in full{safe}", loss_wad)


def _plain(exposure: Exposure) -> tuple[int, int]:
    return exposure.gain_wad, exposure.loss_wad


def _requirements(exposure: Exposure, level: Level, name: str) -> Iterator[StatementLine]:
    net, rate = abs(exposure.net_wad2), standard.rate(exposure.risk, exposure.size_wad, level)
    value = fixed.mul_div_up(net, rate, fixed.WAD_SQUARED)
    spread = exposure.gross_wad2 - net
    if spread:
        formula = f"net of longs and shorts {usd(net // WAD)} × {percent(rate, 4)}"
    else:
        size = abs(exposure.size_wad)
        formula = f"{amount(size)} {name} × {usd(net // size)} × {percent(rate, 4)}"
    whole = standard.requirement(exposure, level)  # rounded up in two parts, of all positions
    yield StatementLine(f"{name} net", formula + _rate(exposure, level), value if spread else whole)
    if spread:
        rate = exposure.risk.spread_rate
        rest = whole - value
        yield StatementLine(f"{name} spread", f"gross less net {usd(spread // WAD)} × {percent(rate)}", rest)


def _rate(exposure: Exposure, level: Level) -> str:
    """The formula of the rate, where it depends on the size."""
    risk = exposure.risk
    if risk.base_rate == 0 and risk.impact_rate == 0:
        return ""
    skew = f"{amount(abs(exposure.size_wad))} / {amount(risk.skew_scale)}"
    term = f"base {percent(risk.base_rate)} + impact {percent(risk.impact_rate)} × {skew}"
    if level == Level.INITIAL:
        return f"; rate: the larger of {percent(risk.initial_rate)} and {term}"
    return f"; rate: the larger of {percent(risk.maintenance_rate)} and {percent(risk.maintenance_scale)} of ({term})"


def _doubts(exposure: Exposure, depeg_rate_wad: int, level: Level, name: str) -> Iterator[StatementLine]:
    """Further requirement because a price, or the peg of the quote token, is doubtful."""
    total = standard.contingency(exposure, depeg_rate_wad, level)
    doubt = standard.contingency(exposure, 0, level)
    risk = exposure.risk
    if doubt:
        size = amount(exposure.gross_size_wad + exposure.base_wad)
        missing = f"(1 − confidence {percent(exposure.confidence_wad)}) × factor {percent(risk.confidence_factor)}"
        yield StatementLine(f"{name} doubtful price", f"{size} {name} × {usd(exposure.index_wad)} × {missing}", doubt)
    if total - doubt:
        size = amount(exposure.gross_size_wad)
        formula = f"{size} {name} × {usd(exposure.index_wad)} × {percent(depeg_rate_wad, 4)}"
        yield StatementLine(f"{name} doubtful peg", formula, total - doubt)
