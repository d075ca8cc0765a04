"""The setting of a random walk: its tokens and roles, its clock, and the draws that moves share."""

from __future__ import annotations

from random import Random
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import TokenSpec, World
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks import terms
from crossvault.walks.streams import RandomStreams
from crossvault.walks.variety import WalkParameters

WAD = fixed.WAD
UNDERLYINGS = ("ETH", "BTC", "USDT")
COLLATERALS = ("WETH", "WBTC", "USDT", "OLD", "FEE", "EVIL", "UNIT")
SPARES = ("DEEP", "SPARE0", "SPARE1", "SPARE2")
START_AT = 1_700_000_000
USUAL_PRICES = {0: 2_000 * WAD, 1: 40_000 * WAD, 2: WAD}
PRICED_BY = {"WETH": 0, "WBTC": 1, "USDT": 2, "OLD": 2, "FEE": 0, "EVIL": 0, "UNIT": 0}
TOKENS = (
    TokenSpec("USDC", 6),
    TokenSpec("WETH", 18),
    TokenSpec("WBTC", 8),
    TokenSpec("USDT", 6),
    TokenSpec("OLD", 18, "silent"),
    TokenSpec("FEE", 18, "fee"),
    TokenSpec("EVIL", 2, "callback"),
    TokenSpec("UNIT", 0),
    TokenSpec("DEEP", 19),
    TokenSpec("SPARE0", 18, "reentrant"),
    TokenSpec("SPARE1", 0),
    TokenSpec("SPARE2", 2),
)
GOVERNOR, FEEDER, GUARDIAN, BROKER, FAUCET, STRANGER = (
    "governor", "feeder", "guardian", "broker", "faucet", "stranger",
)  # fmt: skip

Args = dict[str, Any]


def world(random: Random, delay_secs: int = 600) -> World:
    """A world with every kind of token and auction terms drawn from a seed."""
    return World(TOKENS, "USDC", GOVERNOR, delay_secs, terms.auction(random), START_AT)


class WalkBase(RandomStreams):
    """The clock, the roles and the draws of a walk."""

    def __init__(self, seed: int, variety: WalkParameters) -> None:
        super().__init__(seed)
        self._variety = variety
        self.world = world(self._random, variety.delay_secs)
        names = [f"owner{i}" for i in range(variety.owners)]
        self.accounts = [AccountId(name) for name in names] + [AccountId(names[0], 1)]
        self.buyers = [AccountId("buyer0"), AccountId("buyer1")]
        self._at = START_AT

    def _account(self) -> AccountId:
        return self._random.choice(self.accounts)

    def _idle(self, model: Model) -> list[AccountId]:
        """Mostly accounts that are not in liquidation."""
        idle = [each for each in self.accounts if not model.vault.ledger.sales[each].started_at]
        return idle if len(idle) > 1 and self._random.random() < 0.97 else self.accounts

    def _actor(self, account: AccountId) -> str:
        """Mostly a sender with authority over the account."""
        return account.owner if self._random.random() < 0.98 else self._random.choice((STRANGER, BROKER))

    def _near(self, limit: int) -> int:
        """An amount around a limit, below it, or out of all bounds."""
        random = self._random
        kind = random.random()
        if kind < 0.2:
            return max(0, limit + random.choice((-1, -1, 0, 0, 1)))
        if kind < self._variety.usual:
            return random.randrange(limit + 1) if limit > 0 else random.randrange(1_000)
        return random.choice((0, 1, fixed.CAP, fixed.CAP + 1, 2**200))

    def _free(self, model: Model, account: AccountId) -> int:
        """Free collateral of an account [wad]."""
        [metrics] = model.metrics([account], self._at)
        return metrics.free_collateral_wad

    def _quotation(self, model: Model, instrument: int) -> tuple[int, int] | None:
        """Mark price and band of an instrument before its expiry, if its prices are fresh."""
        ends = market.expiry_of(instrument)
        if market.underlying_of(instrument) >= len(model.vault.ledger.risks) or 0 < ends <= self._at:
            return None
        try:
            return model.vault.quotation(instrument, now=self._at)
        except Refusal:
            return None
