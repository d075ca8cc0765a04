"""A scene of collateral whose feed stops: it fades, is left out of a sale, and is sold once it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.walks.base import BROKER, STRANGER, WAD
from crossvault.walks.bounds import BoundsWalk

_RICH_RAW, _COINS = 10**13, (8 * 10**18 + 1, 1)
MAKER, BIDDER = AccountId("owner5", 3), AccountId("owner6", 3)
_MOST_FALLS = 60


class FadingCollateral(BoundsWalk):
    """The scene, and how its accounts are funded."""

    _debtor = AccountId("owner4", 3)

    def _funded(self, account: AccountId, cash_raw: int, coins_raw: int) -> Iterator[Step]:
        for token, amount in (("USDC", cash_raw), ("WETH", coins_raw)):
            yield doors.mint(self._at, account.owner, token=token, to=account.owner, amount_raw=amount)
        yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)
        if cash_raw:
            yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=cash_raw)
        if coins_raw:
            yield doors.deposit_collateral(self._at, account.owner, account=account, collateral=0, amount_raw=coins_raw)

    def _left_out(self, model: Model) -> Iterator[Step]:
        """An account with WETH is long BTC, whose price falls while that of WETH is stale, fresh, and stale again."""
        for number, coins_raw in enumerate(_COINS, 3):
            self._debtor = AccountId("owner4", number)
            yield from self._left_out_of(model, coins_raw)

    def _left_out_of(self, model: Model, coins_raw: int) -> Iterator[Step]:
        """The scene with so much of WETH."""
        yield from self._refreshed(model)
        for account, cash_raw, raw in (
            (self._debtor, 10**10, coins_raw), (MAKER, _RICH_RAW, 0), (BIDDER, _RICH_RAW, 0),
        ):  # fmt: skip
            yield from self._funded(account, cash_raw, raw)
        perp = market.perp(1)
        found = self._quotation(model, perp)
        if found is None:
            return
        size = self._free(model, self._debtor) * WAD // max(1, self._need(model, perp, 1)) * 49 // 50
        yield self._deal(MAKER, self._debtor, perp, size, found[0])
        yield from self._silent(model)
        yield from self._fallen(model, lambda: self._margin(model, self._debtor) < 0)
        yield from self._sold_without(model)
        yield self._printed(0, model.vault.ledger.prices[0].index)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD // 30)
        yield from self._silent(model)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD // 30)
        yield from self._fallen(model, lambda: self._worth(model) <= 0)
        yield doors.start_liquidation(self._at, STRANGER, account=self._debtor)
        yield doors.declare_insolvent(self._at, STRANGER, account=self._debtor)
        yield doors.mint(self._at, BIDDER.owner, token="USDC", to=BIDDER.owner, amount_raw=_RICH_RAW)
        yield doors.fund_insurance(self._at, BIDDER.owner, amount_raw=_RICH_RAW)
        for fraction in (WAD // 3, WAD):
            self._at += 10
            yield from self._others(model)
            yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, fraction)
        yield from self._refreshed(model)
        yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD)
        yield doors.end_liquidation(self._at, STRANGER, account=self._debtor)

    def _silent(self, model: Model) -> Iterator[Step]:
        """The feed of WETH stops, in the last second of its price, in the next, and a minute later."""
        state = model.vault.ledger
        last = state.prices[0].published_at + state.risks[0].heartbeat_secs
        for at in (last, last + 1, last + 61):
            self._at = max(self._at, at)
            yield from self._others(model)
            yield doors.withdraw_cash(
                self._at, self._debtor.owner, account=self._debtor, amount_raw=10**6, to=self._debtor.owner
            )
            yield doors.withdraw_collateral(
                self._at, self._debtor.owner, account=self._debtor, collateral=0, amount_raw=1, to=self._debtor.owner
            )
            yield doors.start_liquidation(self._at, STRANGER, account=self._debtor)

    def _others(self, model: Model) -> Iterator[Step]:
        """Prints of the other prices."""
        for underlying in (1, 2):
            yield self._printed(underlying, model.vault.ledger.prices[underlying].index)

    def _fallen(self, model: Model, is_low: Callable[[], bool]) -> Iterator[Step]:
        """The price of BTC falls, in steps and at times that no guard holds back, until the debtor is low."""
        for _ in range(_MOST_FALLS):
            if is_low():
                return
            self._at += 2 * model.vault.ledger.guards[1].confirm_secs
            yield self._moved_against(model, self._debtor, 1, 40)
            yield self._printed(2, model.vault.ledger.prices[2].index)

    def _sold_without(self, model: Model) -> Iterator[Step]:
        """The auction of the debtor while its WETH is left out: bids early and late, and of no worth."""
        yield doors.start_liquidation(self._at, STRANGER, account=self._debtor)
        for wait in (0, 60):
            self._at += wait
            yield from self._others(model)
            yield self._bid_for(self._debtor, BIDDER, BIDDER.owner, WAD // 20)
        yield doors.declare_insolvent(self._at, STRANGER, account=self._debtor)
        yield doors.end_liquidation(self._at, STRANGER, account=self._debtor)

    def _worth(self, model: Model) -> int:
        """Equity of the debtor less its reserved cash [wad]."""
        [metrics] = model.metrics([self._debtor], self._at)
        return metrics.equity_wad - model.vault.ledger.sales[self._debtor].reserved_wad
