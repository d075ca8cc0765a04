"""Random liquidations: failing accounts enter liquidation, are bid for, declared insolvent and released."""

from __future__ import annotations

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.walks.base import STRANGER, WAD
from crossvault.walks.trade_moves import TradeMoves


class LiquidationMoves(TradeMoves):
    """Moves of liquidators."""

    def _weakest(self, model: Model) -> AccountId:
        """Returns mostly the account with the least health."""
        if self._random.random() < 0.2:
            return self._account()
        health = [metrics.health_wad for metrics in model.metrics(self.accounts, self._at)]
        return self.accounts[health.index(min(health))]

    def _poorest(self, model: Model) -> AccountId:
        """The account with the least equity."""
        equities = [metrics.equity_wad for metrics in model.metrics(self.accounts, self._at)]
        return self.accounts[equities.index(min(equities))]

    def _failing(self, model: Model) -> AccountId | None:
        """An account below maintenance margin that is not in liquidation, if there is one."""
        idle = [each for each in self.accounts if not model.vault.ledger.sales[each].started_at]
        for account, metrics in zip(idle, model.metrics(idle, self._at), strict=True):
            if metrics.maintenance_equity_wad < metrics.maintenance_requirement_wad and not metrics.stale_underlying:
                return account
        return None

    def _selling(self, model: Model) -> list[AccountId]:
        return [each for each in self.accounts if model.vault.ledger.sales[each].started_at]

    def _on_sale(self, model: Model) -> AccountId:
        selling = self._selling(model)
        return self._random.choice(selling) if selling else self._account()

    def _sale(self, model: Model) -> Step:
        """A step of a running liquidation; rarely of an account without one."""
        if not self._selling(model) and self._random.random() < 0.85:
            return self._start(model)
        return self._random.choice((self._bid, self._bid, self._bid, self._declare, self._end))(model)

    def _start(self, model: Model) -> Step:
        failing = self._failing(model)
        if failing is None and self._random.random() < 0.8:
            return self._trade(model)
        return doors.start_liquidation(self._at, STRANGER, account=failing or self._weakest(model))

    def _declare(self, model: Model) -> Step:
        return doors.declare_insolvent(self._at, STRANGER, account=self._on_sale(model))

    def _end(self, model: Model) -> Step:
        return doors.end_liquidation(self._at, STRANGER, account=self._on_sale(model))

    def _bid(self, model: Model) -> Step:
        random = self._random
        account = self._on_sale(model)
        bidder = random.choice(self.buyers) if random.random() < 0.85 else self._account()
        fraction = random.choice((WAD,) * 6 + (WAD // 2, WAD // 10, random.randrange(WAD), 1, 0, WAD + 1))
        limit = random.choice((2**255 - 1,) * 6 + (random.randrange(10**22), -1))
        sender = self._actor(bidder)
        return doors.bid(self._at, sender, account=account, bidder=bidder, fraction_wad=fraction, limit_wad=limit)

    def _bid_for(self, account: AccountId, bidder: AccountId, sender: str, fraction_wad: int) -> Step:
        """A bid at any price."""
        return doors.bid(
            self._at, sender, account=account, bidder=bidder, fraction_wad=fraction_wad, limit_wad=2**255 - 1
        )

    def _fund(self, model: Model) -> Step:
        needed_raw = model.vault.ledger.cash.deficit_wad // 10**12
        return doors.fund_insurance(self._at, self._account().owner, amount_raw=self._near(needed_raw * 2 + 10**7))
