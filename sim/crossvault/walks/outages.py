"""A scene of outages: an account fails in a pause, and is sold when the grace time after it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.walks.base import GOVERNOR, STRANGER, WAD
from crossvault.walks.stranding import StrandedPositions

_RICH_RAW, _GRACE_SECS = 10**13, 60
_LATE, _SELLER, _BUYER = AccountId("owner4", 5), AccountId("owner5", 5), AccountId("owner6", 5)


class OutageScenes(StrandedPositions):
    """The scene."""

    def _graced(self, model: Model) -> Iterator[Step]:
        """Starts and bids at both ends of the grace time, of an account that is worth something, then of none."""
        yield from self._with_grace(model)
        yield from self._refreshed(model)
        for account, cash_raw in ((_LATE, 10**10), (_SELLER, _RICH_RAW), (_BUYER, _RICH_RAW)):
            yield from self._funded(account, cash_raw, 0)
        perp = market.perp(1)
        found = self._quotation(model, perp)
        if found is None:
            return
        size = self._free(model, _LATE) * WAD // max(1, self._need(model, perp, 1)) * 49 // 50
        yield self._deal(_SELLER, _LATE, perp, size, found[0])
        self._debtor = _LATE
        yield from self._fallen(model, lambda: self._margin(model, _LATE) < 0)
        yield from self._paused_at(model, doors.start_liquidation(self._at, STRANGER, account=_LATE))
        yield from self._paused_at(model, self._bid_for(_LATE, _BUYER, _BUYER.owner, WAD // 30))
        yield from self._fallen(model, lambda: self._worth(model) <= 0)
        yield from self._reopened()
        yield doors.declare_insolvent(self._at, STRANGER, account=_LATE)
        yield doors.mint(self._at, _BUYER.owner, token="USDC", to=_BUYER.owner, amount_raw=_RICH_RAW)
        yield doors.fund_insurance(self._at, _BUYER.owner, amount_raw=_RICH_RAW)
        yield self._bid_for(_LATE, _BUYER, _BUYER.owner, WAD)

    def _with_grace(self, model: Model) -> Iterator[Step]:
        """Terms with a grace time and a floor are announced and, when they are due, enacted."""
        terms = model.vault.ledger.terms
        change = doors.AUCTION.of(terms=terms._replace(grace_secs=_GRACE_SECS, floor_wad=terms.knee_wad // 2))
        yield change.schedule(self._at, GOVERNOR)
        self._at += model.vault.delay_secs
        yield change.enact(self._at, GOVERNOR)

    def _paused_at(self, model: Model, step: Step) -> Iterator[Step]:
        """A step right after a pause, in the last second of the grace time, and when it is over."""
        yield from self._reopened()
        for wait in (0, _GRACE_SECS - 1, 1):
            self._at += wait
            yield from self._others(model)
            yield replace(step, at=self._at)

    def _reopened(self) -> Iterator[Step]:
        yield doors.pause(self._at, GOVERNOR)
        yield doors.unpause(self._at, GOVERNOR)
