"""A scene of positions whose feed stops: the account is sold once it fails without them, and they go along."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks.base import GOVERNOR, GUARDIAN, STRANGER, WAD
from crossvault.walks.fading import BIDDER, MAKER, FadingCollateral
from crossvault.walks.price_moves import ListedExpiry

_RICH_RAW = 10**13
_MOST_FALLS = 60
_SIZES = (WAD // 10**6, -WAD, 2 * WAD)


class StrandedPositions(FadingCollateral):
    """The scene, with a dust, a short and a long of the feed that stops."""

    def _stranded(self, model: Model) -> Iterator[Step]:
        """An account is long BTC, whose price falls while its other position is at a stale price, twice."""
        for number, size in enumerate(_SIZES, 5):
            self._debtor = AccountId("owner4", number)
            yield from self._stranded_with(model, size)

    def _stranded_with(self, model: Model, size: int) -> Iterator[Step]:
        """The scene with so much of ETH."""
        yield from self._refreshed(model)
        for account, cash_raw in ((self._debtor, 2 * 10**10), (MAKER, _RICH_RAW), (BIDDER, _RICH_RAW)):
            yield from self._funded(account, cash_raw, 0)
        for underlying, wanted in ((0, size), (1, 0)):
            found = self._quotation(model, market.perp(underlying))
            if found is None:
                return
            need = max(1, self._need(model, market.perp(underlying), 1))
            dealt = wanted or self._free(model, self._debtor) * WAD // need * 49 // 50
            yield self._deal(MAKER, self._debtor, market.perp(underlying), dealt, found[0])
        yield from self._silent(model)
        yield from self._fallen(model, lambda: self._margin(model, self._debtor) < 0)
        yield doors.start_liquidation(self._at, STRANGER, account=self._debtor)
        yield from self._fallen(model, lambda: self._is_for_sale(model))
        yield from self._sold_without(model)
        yield self._printed(0, model.vault.ledger.prices[0].index)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD // 30)
        yield from self._silent(model)
        yield from self._fallen(model, lambda: self._is_for_sale(model))
        yield from self._sold_without(model)
        yield from self._fallen(model, lambda: self._owes(model))
        yield from self._worthless(model)

    def _settled_late(self, model: Model) -> Iterator[Step]:
        """A future of an account on sale is settled after a pause, in which its other position was at a stale price."""
        self._debtor = AccountId("owner4", 9)
        expiry = self._at + 2 * oracle.WINDOW
        term = ListedExpiry(1, expiry)
        yield from self._refreshed(model)
        yield doors.open_expiry(self._at, GOVERNOR, underlying=1, expiry=expiry)
        yield self._print_forward(model, term)
        for account, cash_raw in ((self._debtor, 2 * 10**10), (MAKER, _RICH_RAW), (BIDDER, _RICH_RAW)):
            yield from self._funded(account, cash_raw, 0)
        future = market.instrument_of(1, market.FUTURE, expiry, 0)
        yield from self._bought(model, future, WAD // 10**6)
        self._at = expiry - 1
        yield from self._refreshed(model)
        self._at = expiry
        yield from self._refreshed(model)
        yield from self._bought(model, market.perp(0), WAD // 10**6)
        need = max(1, self._need(model, market.perp(1), 1))
        yield from self._bought(model, market.perp(1), self._free(model, self._debtor) * WAD // need * 49 // 50)
        for _ in range(_MOST_FALLS):
            if self._margin(model, self._debtor) < 0:
                break
            self._at += 2 * model.vault.ledger.guards[1].confirm_secs
            yield self._moved_against(model, self._debtor, 1, 40)
            yield self._printed(0, model.vault.ledger.prices[0].index)
            yield self._printed(2, model.vault.ledger.prices[2].index)
        yield from self._silent(model)  # it is put up for sale in the last second of the price
        yield doors.pause(self._at, GUARDIAN)
        yield doors.unpause(self._at, GOVERNOR)
        yield doors.settle(self._at, STRANGER, underlying=1, expiry=expiry, accounts=(self._debtor,))
        yield from self._fallen(model, lambda: self._is_for_sale(model))
        self._at += 130
        yield from self._others(model)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD // 20)

    def _bought(self, model: Model, instrument: int, size: int) -> Iterator[Step]:
        """The debtor buys at the mark, where it is known."""
        if found := self._quotation(model, instrument):
            yield self._deal(MAKER, self._debtor, instrument, size, found[0])

    def _worthless(self, model: Model) -> Iterator[Step]:
        """The account is worth nothing at the last prices: parts of it are taken as the payout rises, then all."""
        yield doors.start_liquidation(self._at, STRANGER, account=self._debtor)
        yield doors.declare_insolvent(self._at, STRANGER, account=self._debtor)
        yield doors.mint(self._at, BIDDER.owner, token="USDC", to=BIDDER.owner, amount_raw=_RICH_RAW)
        yield doors.fund_insurance(self._at, BIDDER.owner, amount_raw=_RICH_RAW)
        for fraction in (WAD // 3, WAD // 3, WAD):
            self._at += 10
            yield from self._others(model)
            yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, fraction)
        yield from self._refreshed(model)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD)
        yield doors.end_liquidation(self._at, STRANGER, account=self._debtor)

    def _owes(self, model: Model) -> bool:
        """Whether the debtor is worth less than nothing with what bidders have paid for it."""
        [metrics] = model.metrics([self._debtor], self._at)
        return metrics.equity_wad < 0

    def _is_for_sale(self, model: Model) -> bool:
        """Whether the debtor fails maintenance even if its positions at stale prices are worth the most."""
        try:
            return model.vault.maintenance(self._debtor, now=self._at).margin_wad < 0
        except Refusal:
            return False
