"""States of distress that a step touches: auctions, insolvency, expiries, pauses, stale prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.differential.model import Model
from crossvault.differential.step import Step, traded
from crossvault.mirror import account as accounts, cash, fixed, market, oracle, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.ledger import State

AUCTION, INSOLVENCY, EXPIRY, PAUSED, STALE = STATES = ("auction", "insolvency", "expiry", "paused", "stale")

_WORTH_WAD = 100 * fixed.WAD  # of an account that counts


def touched_states(step: Step, sales: Sequence[Sequence[int]], model: Model) -> set[str]:
    """The states of the accounts of a step, and of the vault, where one of the accounts is worth more than 100.

    sales: of the accounts of the step, before and after it: when it started, since when it is insolvent.
    """
    found = set(_states(step, sales, model))
    accounts = step.accounts()
    if not found and not any(_may_be_stale(each, model.vault.ledger, step.at) for each in accounts):
        return found  # most steps: nothing to value an account for
    rows = model.metrics(accounts, step.at)
    if not any(abs(each.equity_wad) > _WORTH_WAD for each in rows):
        return set()
    if any(each.stale_underlying or each.stale_expiry for each in rows):
        found.add(STALE)
    return found


def _states(step: Step, sales: Sequence[Sequence[int]], model: Model) -> Iterator[str]:
    """The states that no account must be valued for."""
    for started_at, insolvent_at, *_ in sales:
        if started_at:
            yield INSOLVENCY if insolvent_at else AUCTION
    if model.vault.paused:
        yield PAUSED
    if step.action == "settle" or any(_ends(each, step.at) for each in traded(step.action, step.args)):
        yield EXPIRY


def _may_be_stale(account: AccountId, ledger: State, at: int) -> bool:
    """Whether a price is stale that the metrics of an account can depend on."""
    holder = ledger.holders[account]
    held = {market.underlying_of(each) for each in accounts.instruments(holder)}
    held |= {asset.underlying for number, asset in enumerate(ledger.assets) if holder.balances[number]}
    if ledger.cash.terms.feed != cash.NO_FEED:
        held.add(ledger.cash.terms.feed)
    heartbeats = [ledger.risks[each].heartbeat_secs for each in held]
    prices = zip((ledger.prices[each].published_at for each in held), heartbeats, strict=True)
    return not all(oracle.is_fresh(*each, now=at) for each in prices) or any(
        _is_curve_stale(each, ledger, at) for each in accounts.instruments(holder)
    )


def _is_curve_stale(instrument: int, ledger: State, at: int) -> bool:
    """Whether the forward of an instrument that has not ended is stale, or the surface of an option."""
    if at >= market.expiry_of(instrument):
        return False
    underlying = market.underlying_of(instrument)
    curve = valuation.curve_of(ledger, instrument)
    if not oracle.is_fresh(curve.published_at, ledger.risks[underlying].heartbeat_secs, now=at):
        return True
    heartbeat_secs = ledger.option_risks[underlying].heartbeat_secs
    is_option = market.is_option(market.kind_of(instrument))
    return is_option and not oracle.is_fresh(curve.surface_published_at, heartbeat_secs, now=at)


def _ends(instrument: int, at: int) -> bool:
    """Whether an instrument is in its settlement window, or past it."""
    ends = market.expiry_of(instrument)
    return ends != 0 and at >= ends - oracle.WINDOW
