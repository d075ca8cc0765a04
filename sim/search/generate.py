"""Random steps that keep accounts alive and near their limits, from the model's state and a seed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from random import Random
from typing import Any

from sim.mirror import cash as cashes
from sim.mirror import collateral, fixed, liquidation, market, oracle
from sim.mirror.account import AccountId
from sim.mirror.evm import Call
from sim.model import Model
from sim.side import VAULT, Outcome, Step, TokenSpec, World
from sim.story import Story

WAD = fixed.WAD
UNDERLYINGS = ("ETH", "BTC", "USDT")
COLLATERALS = ("WETH", "WBTC", "USDT", "OLD", "FEE", "EVIL")
START_AT = 1_700_000_000

_PRICES = {0: 2_000 * WAD, 1: 40_000 * WAD, 2: WAD}
_TOKENS = (
    TokenSpec("USDC", 6),
    TokenSpec("WETH", 18),
    TokenSpec("WBTC", 8),
    TokenSpec("USDT", 6),
    TokenSpec("OLD", 6, "silent"),
    TokenSpec("FEE", 18, "fee"),
    TokenSpec("EVIL", 18, "reentrant"),
)
_PRICED_BY = {"WETH": 0, "WBTC": 1, "USDT": 2, "OLD": 2, "FEE": 0, "EVIL": 0}
_GOVERNOR, _FEEDER, _GUARDIAN, _BROKER, _FAUCET, _STRANGER = (
    "governor", "feeder", "guardian", "broker", "faucet", "stranger",
)  # fmt: skip

Args = dict[str, Any]


def world(random: Random) -> World:
    """A world with every kind of token and auction terms drawn from a seed."""
    return World(_TOKENS, "USDC", _GOVERNOR, 600, _auction_terms(random), START_AT)


class Walk:
    """Steps one after another, each drawn from where the model stands."""

    def __init__(self, seed: int, steps: int, owners: int = 8, pace: float = 0.12) -> None:
        """pace: how likely it is that time passes before a step."""
        self._seed = seed
        self._random = Random(seed)
        self.world = world(self._random)
        self._count, self._pace = steps, pace
        names = [f"owner{i}" for i in range(owners)]
        self.accounts = [AccountId(name) for name in names] + [AccountId(names[0], 1)]
        self.buyers = [AccountId("buyer0"), AccountId("buyer1")]
        self._at = START_AT
        self._prices = dict(_PRICES)
        self._scheduled: list[tuple[str, Args]] = []
        self._unpriced: list[int] = []
        self._moves: Sequence[tuple[int, Callable[[Model], Step]]] = (
            (34, self._trade), (12, self._price), (8, self._deposit_cash), (8, self._deposit_collateral),
            (8, self._withdraw_cash), (6, self._withdraw_collateral), (4, self._start), (9, self._bid),
            (2, self._declare), (2, self._end), (2, self._fund), (3, self._mint), (2, self._operator),
            (2, self._donate), (1, self._pause), (5, self._unpause), (3, self._schedule), (2, self._enact),
            (1, self._ownership), (2, self._nonsense), (6, self._batch),
        )  # fmt: skip

    def story(self) -> Story:
        """The walk as a story; it can be played once."""
        return Story(
            name=f"walk-{self._seed}",
            about="random steps near the limits",
            seed=self._seed,
            hash=f"walk {self._seed} {self._count} {len(self.accounts)}",
            world=self.world,
            underlyings=UNDERLYINGS,
            collaterals=COLLATERALS,
            expected_steps=self._count,
            steps=self.steps,
        )

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, then as many random steps as asked for."""
        yield from self.setup()
        weights = [weight for weight, _ in self._moves]
        moves = [move for _, move in self._moves]
        for _ in range(self._count):
            self._pass_time()
            [move] = self._random.choices(moves, weights)
            if self._unpriced and self._random.random() < 0.7:
                move = self._reprice
            elif model.vault.paused and self._random.random() < 0.4:
                move = self._unpause
            elif self._random.random() < 0.2 and (needed := self._needed(model)):
                move = needed
            yield move(model)

    def _needed(self, model: Model) -> Callable[[Model], Step] | None:
        """What a market in trouble waits for."""
        pool = model.vault.ledger.cash
        if pool.deficit_wad > pool.insurance_wad and self._random.random() < 0.5:
            return self._fund
        selling = any(model.vault.ledger.sales[each].started_at for each in self.accounts)
        return self._random.choice((self._bid, self._bid, self._end, self._declare)) if selling else None

    def setup(self) -> Iterator[Step]:
        """Lists everything, prices it, and gives every account something to live on."""
        for name in UNDERLYINGS:
            yield self._step(_GOVERNOR, "list_underlying", name=name, risk=self._risk())
        for token in COLLATERALS:
            terms = self._haircut()
            yield self._step(_GOVERNOR, "list_collateral", token=token, underlying=_PRICED_BY[token], terms=terms)
        yield self._step(_GOVERNOR, "set_feeder", feeder=_FEEDER, allowed=True)
        yield self._step(_GOVERNOR, "set_guardian", to=_GUARDIAN)
        for underlying in self._prices:
            yield self._publish(underlying, WAD, 0)
        for account in self.accounts + self.buyers:
            for token in ("USDC", *COLLATERALS):
                yield self._step(_FAUCET, "mint", token=token, to=account.owner, amount_raw=10**30)
            cash_raw = 10**13 if account in self.buyers else self._random.randrange(10**9, 10**11)
            yield self._step(account.owner, "deposit_cash", account=account, amount_raw=cash_raw)
            yield self._step(account.owner, "set_operator", account=account, operator=_BROKER, allowed=True)

    def _step(self, sender: str, action: str, /, **args: Any) -> Step:
        return Step(self._at, sender, action, args)

    def _pass_time(self) -> None:
        if self._random.random() < self._pace:
            passed = self._random.choice((1, 1, 12, 60, 60, 300, 600, 1_800, 7_200))
            self._at += passed
            if passed > 12 and self._random.random() < 0.95:
                self._unpriced = list(self._prices)

    def _account(self) -> AccountId:
        return self._random.choice(self.accounts)

    def _idle(self, model: Model) -> list[AccountId]:
        """Mostly accounts that are not for sale."""
        idle = [each for each in self.accounts if not model.vault.ledger.sales[each].started_at]
        return idle if len(idle) > 1 and self._random.random() < 0.95 else self.accounts

    def _actor(self, account: AccountId) -> str:
        """Mostly who may act for the account."""
        return account.owner if self._random.random() < 0.97 else self._random.choice((_STRANGER, _BROKER))

    def _near(self, limit: int) -> int:
        """An amount around a limit, below it, or out of all bounds."""
        random = self._random
        kind = random.random()
        if kind < 0.25:
            return max(0, limit + random.choice((-1, 0, 1)))
        if kind < 0.97:
            return random.randrange(limit + 1) if limit > 0 else random.randrange(1_000)
        return random.choice((0, 1, fixed.CAP, fixed.CAP + 1, 2**200))

    def _trade(self, model: Model) -> Step:
        random = self._random
        maker, taker = random.sample(self._idle(model), 2)
        underlying = random.choices((0, 1, 2), (5, 4, 1))[0]
        instrument = market.perp(underlying)
        price = model.vault.ledger.prices[underlying]
        risk = model.vault.ledger.risks[underlying]
        mark = oracle.mark(price.index, price.premium, risk.mark_band)
        held = model.vault.ledger.holders[taker].positions[instrument].size
        size = -held if held and random.random() < 0.3 else self._size(model, taker, mark, risk)
        band = mark * risk.trade_band // WAD
        offset = random.choice((0,) * 9 + (-band, band, band + 1, random.randint(-band, band)))
        who = _BROKER if random.random() < 0.96 else random.choice((taker.owner, maker.owner))
        args: Args = {"maker": maker, "taker": taker, "instrument": instrument}
        return self._step(who, "trade", **args, size=size, price_wad=max(0, mark + offset))

    def _batch(self, model: Model) -> Step:
        """Some calls as one, mostly of doors that may be batched."""
        moves: list[Callable[[Model], Step]] = [self._trade] * 3
        moves += [self._withdraw_cash, self._withdraw_collateral, self._deposit_cash, self._deposit_collateral]
        calls = []
        for _ in range(self._random.choice((1, 2, 2, 2, 3, 4))):
            move = self._random.choice(moves if self._random.random() < 0.99 else [self._start, self._bid])
            step = move(model)
            calls.append(Call(step.action, step.args))
        who = _BROKER if self._random.random() < 0.9 else self._account().owner
        return self._step(who, "batch", calls=tuple(calls))

    def _size(self, model: Model, taker: AccountId, mark: int, risk: market.Risk) -> int:
        random = self._random
        if random.random() < 0.02:
            return random.choice((0, 1, -1, fixed.CAP, -fixed.CAP - 1, 2**255 - 1, -(2**255)))
        [metrics] = model.metrics([taker], self._at)
        most = metrics.free_collateral_wad * WAD // max(1, risk.initial_rate) * WAD // max(1, mark)
        size = self._near(most) if random.random() < 0.5 else random.randrange(most // 2 + 2)
        return min(size, 2**255 - 1) * random.choice((-1, 1))

    def _reprice(self, model: Model) -> Step:
        """The next of the prices that time has made old."""
        return self._move_price(self._unpriced.pop(), 0)

    def _price(self, model: Model) -> Step:
        underlying = self._random.choices((0, 1, 2), (5, 4, 1))[0]
        return self._move_price(underlying, self._random.choice((0, 0, 0, 0, 1, 30, 7_200, -1)))

    def _move_price(self, underlying: int, age: int) -> Step:
        random = self._random
        step = random.choices((5, 20, 120, 350), (50, 35, 12, 3))[0] if underlying != 2 else 3
        moved = self._prices[underlying] * (1_000 + random.randint(-step, step)) // 1_000
        low, high = _PRICES[underlying] // 20, _PRICES[underlying] * 20
        self._prices[underlying] = min(max(moved, low), high) + random.randrange(10**6)
        confidence = WAD if random.random() < 0.8 else random.randrange(WAD + 2)
        return self._publish(underlying, confidence, age)

    def _publish(self, underlying: int, confidence: int, age: int) -> Step:
        index = self._prices[underlying]
        premium = self._random.randint(-index // 20, index // 20) if self._random.random() < 0.5 else 0
        args: Args = {"premium_wad": premium, "confidence_wad": confidence, "published_at": self._at - age}
        return self._step(_FEEDER, "publish_price", underlying=underlying, index_wad=index, **args)

    def _deposit_cash(self, model: Model) -> Step:
        account = self._weakest(model)
        amount = self._near(4 * 10**10)
        return self._step(self._actor(account), "deposit_cash", account=account, amount_raw=amount)

    def _deposit_collateral(self, model: Model) -> Step:
        account = self._account()
        number = self._random.choices(range(len(COLLATERALS)), (8, 8, 8, 4, 1, 1))[0]
        decimals = model.vault.ledger.assets[number].decimals
        whole = 5 * WAD * 10**decimals // max(1, self._prices[_PRICED_BY[COLLATERALS[number]]]) * 1_000
        args: Args = {"account": account, "collateral": number, "amount_raw": self._near(whole)}
        return self._step(self._actor(account), "deposit_collateral", **args)

    def _withdraw_cash(self, model: Model) -> Step:
        account = self._account()
        [metrics] = model.metrics([account], self._at)
        amount = self._near(metrics.free_collateral_wad // 10**12)
        actor = self._actor(account)
        return self._step(actor, "withdraw_cash", account=account, amount_raw=amount, to=account.owner)

    def _withdraw_collateral(self, model: Model) -> Step:
        account = self._account()
        number = self._random.randrange(len(COLLATERALS))
        amount = self._near(model.vault.ledger.holders[account].balances[number])
        args: Args = {"account": account, "collateral": number, "amount_raw": amount, "to": account.owner}
        return self._step(self._actor(account), "withdraw_collateral", **args)

    def _weakest(self, model: Model) -> AccountId:
        """Mostly the account with the least health."""
        if self._random.random() < 0.2:
            return self._account()
        health = [metrics.health_wad for metrics in model.metrics(self.accounts, self._at)]
        return self.accounts[health.index(min(health))]

    def _on_sale(self, model: Model) -> AccountId:
        selling = [each for each in self.accounts if model.vault.ledger.sales[each].started_at]
        return self._random.choice(selling) if selling else self._account()

    def _start(self, model: Model) -> Step:
        return self._step(_STRANGER, "start_liquidation", account=self._weakest(model))

    def _declare(self, model: Model) -> Step:
        return self._step(_STRANGER, "declare_insolvent", account=self._on_sale(model))

    def _end(self, model: Model) -> Step:
        return self._step(_STRANGER, "end_liquidation", account=self._on_sale(model))

    def _bid(self, model: Model) -> Step:
        random = self._random
        account = self._on_sale(model)
        bidder = random.choice(self.buyers) if random.random() < 0.8 else self._account()
        fraction = random.choice((WAD, WAD, WAD, WAD // 2, WAD // 10, random.randrange(WAD), 1, 0, WAD + 1))
        limit = random.choice((2**255 - 1, 2**255 - 1, 2**255 - 1, random.randrange(10**22), -1))
        args: Args = {"account": account, "bidder": bidder, "fraction_wad": fraction, "limit_wad": limit}
        return self._step(self._actor(bidder), "bid", **args)

    def _fund(self, model: Model) -> Step:
        needed_raw = model.vault.ledger.cash.deficit_wad // 10**12
        return self._step(self._account().owner, "fund_insurance", amount_raw=self._near(needed_raw * 2 + 10**7))

    def _mint(self, model: Model) -> Step:
        token = self._random.choice(_TOKENS).name
        return self._step(_FAUCET, "mint", token=token, to=self._account().owner, amount_raw=10**20)

    def _donate(self, model: Model) -> Step:
        token = self._random.choice(("USDC", "WETH", "WBTC"))
        amount = self._random.randrange(10**9)
        return self._step(self._account().owner, "transfer", token=token, to=VAULT, amount_raw=amount)

    def _operator(self, model: Model) -> Step:
        account = self._account()
        operator = self._random.choice((_STRANGER, _BROKER, self._account().owner))
        allowed = operator == _BROKER or self._random.random() < 0.3
        return self._step(self._actor(account), "set_operator", account=account, operator=operator, allowed=allowed)

    def _pause(self, model: Model) -> Step:
        return self._step(self._random.choice((_GUARDIAN, _GOVERNOR, _STRANGER)), "pause")

    def _unpause(self, model: Model) -> Step:
        return self._step(self._random.choice((_GOVERNOR, _GOVERNOR, _GOVERNOR, _GUARDIAN)), "unpause")

    def _schedule(self, model: Model) -> Step:
        random = self._random
        kind, args = random.choice(
            (
                ("risk", {"underlying": random.randrange(4), "risk": self._risk()}),
                ("haircut", {"collateral": random.randrange(7), "terms": self._haircut()}),
                ("auction", {"terms": _auction_terms(random)}),
                ("depeg", {"terms": self._depeg()}),
            )
        )
        self._scheduled.append((kind, args))
        return self._step(self._governor(), f"schedule_{kind}", **args)

    def _enact(self, model: Model) -> Step:
        if not self._scheduled:
            return self._schedule(model)
        kind, args = self._random.choice(self._scheduled)
        return self._step(self._governor(), f"enact_{kind}", **args)

    def _governor(self) -> str:
        return _GOVERNOR if self._random.random() < 0.95 else _STRANGER

    def _ownership(self, model: Model) -> Step:
        """Offers the vault to its owner's own name, so that governance goes on; or lets a stranger try to take it."""
        if self._random.random() < 0.5:
            return self._step(_GOVERNOR, "offer_ownership", to=_GOVERNOR)
        return self._step(self._random.choice((_GOVERNOR, _STRANGER)), "accept_ownership")

    def _nonsense(self, model: Model) -> Step:
        random, account = self._random, self._account()
        args: Args = {"maker": account, "taker": account, "instrument": market.perp(0)}
        return random.choice(
            (
                self._step(_STRANGER, "set_feeder", feeder=_STRANGER, allowed=True),
                self._step(_STRANGER, "publish_price", underlying=0, index_wad=WAD, premium_wad=0,
                           confidence_wad=WAD, published_at=self._at),
                self._step(_FEEDER, "publish_price", underlying=9, index_wad=WAD, premium_wad=0,
                           confidence_wad=WAD, published_at=self._at),
                self._step(_FEEDER, "publish_price", underlying=2, index_wad=random.choice((0, fixed.CAP + 1)),
                           premium_wad=2**95, confidence_wad=WAD, published_at=self._at),
                self._step(account.owner, "deposit_collateral", account=account, collateral=9, amount_raw=1),
                self._step(_BROKER, "trade", **args, size=WAD, price_wad=WAD),
                self._step(_BROKER, "trade", **(args | {"taker": self.accounts[-1], "instrument": 7}),
                           size=WAD, price_wad=WAD),
                self._step(_GOVERNOR, "list_underlying", name="BAD", risk=market.Risk()),
                self._step(_GOVERNOR, "list_collateral", token="WETH", underlying=0, terms=self._haircut()),
            )
        )  # fmt: skip

    def _risk(self) -> market.Risk:
        random = self._random
        initial = random.randrange(2, 30) * WAD // 100
        maintenance = initial * random.randrange(30, 101) // 100
        return market.Risk(
            heartbeat_secs=random.choice((600, 3_600, 7_200)),
            mark_band=random.randrange(6) * WAD // 100,
            trade_band=random.randrange(1, 11) * WAD // 100,
            initial_rate=initial,
            base_rate=random.randrange(5) * WAD // 100,
            impact_rate=random.randrange(0, WAD),
            maintenance_rate=maintenance,
            maintenance_scale=random.randrange(WAD + 1),
            spread_rate=random.randrange(maintenance + 1),
            profit_weight=random.choice((0, WAD // 2, WAD)),
            confidence_threshold=random.choice((0, WAD * 4 // 10, WAD)),
            confidence_factor=random.randrange(WAD + 1),
            skew_scale=random.choice((1_000 * WAD, 10**6 * WAD)),
        )

    def _haircut(self) -> collateral.Terms:
        initial = self._random.randrange(51) * WAD // 100
        cap = self._random.choice((fixed.CAP, 4_000 * WAD))
        return collateral.Terms(initial, initial * self._random.randrange(101) // 100, cap)

    def _depeg(self) -> cashes.Terms:
        feed = self._random.choice((cashes.NO_FEED, 2, 2, 9))
        return cashes.Terms(feed, WAD * 98 // 100, WAD * 12 // 10)


def _auction_terms(random: Random) -> liquidation.Terms:
    start = random.choice((WAD, WAD * 98 // 100))
    return liquidation.Terms(
        buffer_wad=random.randrange(31) * WAD // 100,
        start_wad=start,
        knee_wad=start * random.randrange(60, 101) // 100,
        fast_secs=random.choice((60, 600)),
        slow_secs=random.choice((600, 7_200)),
        insolvent_secs=random.choice((60, 600)),
    )
