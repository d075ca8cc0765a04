"""States of distress that a step touches: auctions, insolvency, expiries, pauses, stale prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.differential.model import Model
from crossvault.differential.step import Step, traded
from crossvault.mirror import fixed, market, oracle
from crossvault.mirror.valuation import Metrics

AUCTION, INSOLVENCY, EXPIRY, PAUSED, STALE = STATES = ("auction", "insolvency", "expiry", "paused", "stale")

_WORTH_WAD = 100 * fixed.WAD  # of an account that counts


def touched_states(step: Step, sales: Sequence[Sequence[int]], model: Model) -> set[str]:
    """The states of the accounts of a step, and of the vault, where one of the accounts is worth more than 100.

    sales: of the accounts of the step, before and after it: when it started, since when it is insolvent.
    """
    rows = model.metrics(step.accounts(), step.at)
    if not any(abs(each.equity_wad) > _WORTH_WAD for each in rows):
        return set()
    return set(_states(step, sales, model, rows))


def _states(step: Step, sales: Sequence[Sequence[int]], model: Model, rows: Sequence[Metrics]) -> Iterator[str]:
    for started_at, insolvent_at, *_ in sales:
        if started_at:
            yield INSOLVENCY if insolvent_at else AUCTION
    if model.vault.paused:
        yield PAUSED
    if any(each.stale_underlying or each.stale_expiry for each in rows):
        yield STALE
    if step.action == "settle" or any(_ends(each, step.at) for each in traded(step.action, step.args)):
        yield EXPIRY


def _ends(instrument: int, at: int) -> bool:
    """Whether an instrument is in its settlement window, or past it."""
    ends = market.expiry_of(instrument)
    return ends != 0 and at >= ends - oracle.WINDOW
