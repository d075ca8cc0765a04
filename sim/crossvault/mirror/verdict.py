"""Margin checks of accounts, and the margins that they compare."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import account_errors, authority_errors, margin, market, stranded, stress, valuation
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, LeftOut
from crossvault.mirror.standard import Level


class Standing(NamedTuple):
    """Standing of an account against its maintenance margin requirement."""

    equity_wad: int
    margin_wad: int
    required_wad: int
    initial_wad: int
    left: LeftOut
    stale_since: int
    rise_wad: int


def fresh_book(self: State, account: AccountId, *, now: int) -> Book:
    """Account valued at fresh prices."""
    valued = valuation.valued_image(self, valuation.image(self, account), now=now)
    valuation.require_fresh(valued)
    return valued


def require_initial(self: State, account: AccountId, *, now: int) -> None:
    """Requires an account to meet its initial margin requirement."""
    valued = fresh_book(self, account, now=now)
    adjusted = margin.adjusted_equity(valued, Level.INITIAL)
    required = valuation.requirement(self, valued, Level.INITIAL, now=now)
    if adjusted < required:
        raise account_errors.InsufficientMargin(account, adjusted, required)


def require_bidder(self: State, account: AccountId, *, now: int) -> None:
    """Requires a bidder for an account with positions at stale prices to meet its initial margin requirement, whatever
    those are worth."""
    parts = stranded.split(self, valuation.image(self, account), now=now)
    valuation.require_fresh(parts.rest)
    adjusted = margin.adjusted_equity(parts.rest, Level.INITIAL) + stranded.least(parts.late)
    required = valuation.requirement(self, parts.rest, Level.INITIAL, now=now)
    if adjusted < required:
        raise account_errors.InsufficientMargin(account, adjusted, required)


def require_no_fall(self: State, account: AccountId, former: Image, *, now: int) -> None:
    """Requires an account whose initial buffer is not negative, or that gives nothing away that it needs."""
    held = valuation.image(self, account)
    valued = valuation.valued_image(self, held, now=now)
    losses = valuation.assess(self, valued, now=now)
    left = margin.margin(valued, Level.INITIAL)
    if left >= 0:
        return
    before = _book_before(self, former, held, losses, valued, now=now)
    if left < margin.margin(before, Level.INITIAL):
        required = margin.requirement(valued, Level.INITIAL)
        raise account_errors.InsufficientMargin(account, left + required, required)
    require_equity(account, valued, before)


def require_equity(account: AccountId, valued: Book, before: Book) -> None:
    """Requires an account that fails its initial margin to have given away no equity that it needs."""
    require_no_debt(account, margin.safe_equity(valued), margin.safe_equity(before))
    equity_wad = margin.equity(valued)
    if equity_wad < 0:
        require_no_debt(account, equity_wad, margin.equity(before))
    balance_wad = margin.adjusted_equity(valued, Level.MAINTENANCE)
    least_wad = margin.least_balance(valued, before)
    if balance_wad < least_wad:
        raise account_errors.BalanceFalls(account, balance_wad, least_wad)


def require_no_debt(account: AccountId, equity_wad: int, before_wad: int) -> None:
    """Requires an equity that is not below zero, or no lower than before."""
    least_wad = 0 if before_wad > 0 else before_wad
    if equity_wad < least_wad:
        raise account_errors.EquityFalls(account, equity_wad, least_wad)


def require_no_rise(self: State, account: AccountId, former: Image, *, now: int) -> None:
    """Requires an account whose initial margin requirement has not risen in a pause."""
    held = valuation.image(self, account)
    valued = valuation.valued_image(self, held, now=now)
    losses = valuation.assess(self, valued, now=now)
    before = _book_before(self, former, held, losses, valued, now=now)
    if margin.requirement(valued, Level.INITIAL) > margin.requirement(before, Level.INITIAL):
        raise authority_errors.VaultPaused


def changes(self: State, a: Image, b: Image) -> list[bool]:
    """Whether a position or a balance differs between two states of an account, by underlying."""
    changed = [False] * len(self.risks)
    entries, others = a.entries, b.entries
    if len(entries) < len(others):
        entries, others = others, entries
    for i, entry in enumerate(entries):
        if i < len(others):
            other = others[i]
            if entry.instrument == other.instrument and entry.size == other.size:
                continue
            changed[market.underlying_of(other.instrument)] = True
        changed[market.underlying_of(entry.instrument)] = True
    for asset, one, two in zip(self.assets, a.balances, b.balances, strict=True):
        if one != two:
            changed[asset.underlying] = True
    return changed


def maintenance(self: State, account: AccountId, *, now: int) -> Standing:
    """Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices or where it
    fails without them."""
    held = valuation.image(self, account)
    valued = whole = valuation.empty_book(self, held)
    valuation.fill_book(self, held, whole, now=now)
    equity_wad = most_wad = stale_since = rise_wad = 0
    if whole.stale.underlying != 0:
        valued, late, stale_since = stranded.split(self, held, now=now)
        valuation.require_fresh(valued)
        most_wad = stranded.most(late)
        equity_wad = margin.equity(late)
        rise_wad = most_wad - equity_wad
    else:
        valuation.mark_options(self, whole.lines)
    equity_wad += margin.equity(valued)
    if valued.stakes:
        quote_wad = valuation.quote_price(self, valued, now=now)
        valued.verdict = stress.judge(valuation.exposures_of(valued), self.model.data, quote_wad)
    required_wad = margin.requirement(valued, Level.MAINTENANCE)
    margin_wad = margin.adjusted_equity(valued, Level.MAINTENANCE) + most_wad - required_wad
    if margin_wad >= 0:
        valuation.require_fresh(whole)
    initial_wad = margin_wad if margin_wad < 0 else margin.margin(valued, Level.INITIAL)
    left = margin.left_out(valued)
    return Standing(equity_wad, margin_wad, required_wad, initial_wad, left, stale_since, rise_wad)


def equity(self: State, account: AccountId, *, now: int) -> int:
    """Equity of an account, at the last prices."""
    return margin.equity(valuation.valued_image(self, valuation.image(self, account), now=now))


def initial_margin(self: State, account: AccountId, *, now: int) -> int:
    """Initial buffer of an account, at the last prices."""
    valued = valuation.valued_image(self, valuation.image(self, account), now=now)
    required = valuation.requirement(self, valued, Level.INITIAL, now=now)
    return margin.adjusted_equity(valued, Level.INITIAL) - required


def _book_before(
    self: State, former: Image, held: Image, losses: ScenarioLossTable, present: Book, *, now: int
) -> Book:
    """Account valued as it was before a change."""
    valued = valuation.empty_book(self, former)
    _share(valued, present)
    valuation.fill_book(self, former, valued, now=now)
    valuation.mark_alike(self, valued.lines, present.lines)
    if not valued.stakes:
        return valued
    changed = changes(self, former, held)
    quote_wad = valuation.quote_price(self, valued, now=now)
    valued.verdict = stress.reassess(valuation.exposures_of(valued), changed, losses, self.model.data, quote_wad)
    return valued


def _share(valued: Book, other: Book) -> None:
    """Enters the prices and parameters that another book has read, so that they are not read again."""
    for i, (exposure, read) in enumerate(zip(valued.exposures, other.exposures, strict=True)):
        exposure.risk, exposure.option_risk = read.risk, read.option_risk
        exposure.index_wad, exposure.confidence_wad = read.index_wad, read.confidence_wad
        exposure.stable_wad, exposure.pending_wad = read.stable_wad, read.pending_wad
        if not valued.stakes:
            continue
        stake = valued.stakes[i]
        stake.index_wad, stake.confidence_wad = read.index_wad, read.confidence_wad
