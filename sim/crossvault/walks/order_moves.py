"""Random signed orders, filled and cancelled rightly and wrongly, drawn from the state of the model and a seed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, Outcome, Step, TokenSpec, WalletSpec, World
from crossvault.differential.story import Story
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.surface import Svi
from crossvault.walks.streams import DRAWS, RandomStreams

WAD = fixed.WAD
UNDERLYINGS = ("ETH", "BTC")
START_AT = 1_700_000_000

_PRICES = (2_000 * WAD, 40_000 * WAD)
_WALLETS = (WalletSpec("safe", "keeper"), WalletSpec("joint", "owner0"))
_SIGNERS = dict(_WALLETS)
_OWNERS = ("owner0", "owner1", "owner2", "owner3", "safe", "joint")
_GOVERNOR, _FEEDER, _RELAYER, _BROKER, _STRANGER = "governor", "feeder", "relayer", "broker", "stranger"
_TERMS = AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
_RISK = market.MarketRisk(
    heartbeat_secs=10**6, mark_band=WAD // 20, trade_band=WAD // 20, initial_rate=WAD // 10, maintenance_rate=WAD // 20,
    profit_weight=WAD, skew_scale=10**6 * WAD,
)  # fmt: skip

_EXPIRY = START_AT + 30 * 24 * 3_600
_OPTION_RISK = market.OptionRisk(
    heartbeat_secs=10**6, trade_band=WAD // 20, max_spot_rate=WAD // 5, min_spot_rate=WAD // 10, call_rate=WAD // 20,
    put_rate=WAD // 20, put_mark_rate=WAD // 10, put_initial_scale=WAD, unpaired_initial=WAD, unpaired_maintenance=WAD,
)  # fmt: skip
_INSTRUMENTS = (
    market.perp(0), market.perp(1), market.instrument_of(0, market.FUTURE, _EXPIRY, 0),
    market.instrument_of(0, market.CALL, _EXPIRY, 2_100 * WAD),
    market.instrument_of(0, market.PUT, _EXPIRY, 2_000 * WAD),
)  # fmt: skip

Args = dict[str, Any]
_LAST_SALT = 2**256 - 1  # a floor that no order of its epoch passes


class OrderWalk(RandomStreams):
    """Steps one after another: orders are made up, filled in parts, cancelled, replayed, forged and tampered with."""

    def __init__(self, seed: int, steps: int) -> None:
        super().__init__(seed)
        self._count = steps
        self.world = World((TokenSpec("USDC", 6),), "USDC", _GOVERNOR, 600, _TERMS, START_AT, _WALLETS)
        self.accounts = [AccountId(name) for name in _OWNERS] + [AccountId("owner0", 1), AccountId("safe", 2)]
        self._at = START_AT
        self._salt = 0
        self._book: list[Order] = []
        self._epochs: Mapping[AccountId, int] = {}
        self._filled: list[tuple[Match, ...]] = []
        self._moves: Sequence[tuple[int, Callable[[Model], Step]]] = (
            (70, self._fill), (6, self._replay), (6, self._cancel), (5, self._cancel_below), (2, self._next_epoch),
            (4, self._operator),
            (3, self._price), (2, self._deposit), (2, self._withdraw), (1, self._pause), (1, self._unpause),
        )  # fmt: skip
        self._spoilers: Sequence[Callable[[Model, Match], Match]] = (
            self._oversized, self._missigned, self._missigned, self._unmet, self._same_side, self._other_instrument,
            self._odd_order,
        )  # fmt: skip

    def story(self) -> Story:
        """The walk as a story; it can be played once."""
        return Story(
            name=f"orders-{self._seed}",
            about="random signed orders",
            seed=self._seed,
            hash=f"orders 2 {self._seed} {self._count} draws {DRAWS}",
            world=self.world,
            underlyings=UNDERLYINGS,
            collaterals=(),
            expected_steps=self._count,
            steps=self.steps,
        )

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, then the given number of random steps."""
        yield from self.setup()
        yield from self._opening()
        weights = {move.__name__: weight for weight, move in self._moves}
        moves = {move.__name__: move for _, move in self._moves}
        for number in range(self._count):
            self._draw(number, "time")
            self._at += self._random.choice((0, 0, 0, 0, 1, 12, 60))
            is_unpaused = model.vault.paused and self._random.random() < 0.4
            name = "_unpause" if is_unpaused else self._race(weights, number)
            self._draw(number, name)
            step = moves[name](model)
            outcome = yield step
            if step.action == "fill" and outcome.refusal is None:
                self._filled.append(step.args["matches"])
        if model.vault.paused:
            yield self._unpause(model)
        yield from self._odd_fills(model)

    def setup(self) -> Iterator[Step]:
        """Lists and prices everything, funds every account, and names the exchange its operator."""
        for name in UNDERLYINGS:
            yield doors.list_underlying(self._at, _GOVERNOR, name=name, risk=_RISK)
        yield doors.set_feeder(self._at, _GOVERNOR, feeder=_FEEDER, allowed=True)
        for underlying in range(len(UNDERLYINGS)):
            yield self._publish(underlying, _PRICES[underlying])
        for account in self.accounts:
            owner, cash_raw = account.owner, self._random.randrange(10**11, 10**12)
            yield doors.mint(self._at, "faucet", token="USDC", to=owner, amount_raw=10**14)
            yield doors.deposit_cash(self._at, owner, account=account, amount_raw=cash_raw)
            yield doors.set_operator(self._at, owner, account=account, operator=EXCHANGE, allowed=True)
        yield doors.set_operator(self._at, "owner1", account=AccountId("owner1"), operator=_BROKER, allowed=True)

    def _opening(self) -> Iterator[Step]:
        """Enacts options, opens an expiry and prices it."""
        options = doors.OPTIONS.of(underlying=0, risk=_OPTION_RISK)
        yield options.schedule(self._at, _GOVERNOR)
        self._at += self.world.delay_secs
        yield options.enact(self._at, _GOVERNOR)
        forward = _PRICES[0] * 101 // 100
        variance = WAD // 20
        svi = Svi(variance, variance // 5, -WAD // 3, 0, WAD // 10, _EXPIRY - self._at, forward)
        yield doors.open_expiry(self._at, _GOVERNOR, underlying=0, expiry=_EXPIRY)
        yield doors.publish_forward(
            self._at, _FEEDER, underlying=0, expiry=_EXPIRY, forward_wad=forward, rate_wad=WAD // 20,
            confidence_wad=WAD, published_at=self._at,
        )  # fmt: skip
        yield doors.publish_surface(
            self._at, _FEEDER, underlying=0, expiry=_EXPIRY, svi=svi, confidence_wad=WAD, published_at=self._at
        )

    def _order(self, instrument: int, size: int, price: int, other: AccountId | None = None) -> Order:
        """A new order that is good now, of any account but the other side's, noted in the book."""
        self._salt += self._random.choice((0, 1, 1, 1))
        lasting = self._random.choice((0, 1, 12, 600, 600, 10**6, 2**256 - 1 - self._at))
        account = self._random.choice([each for each in self.accounts if each != other])
        order = Order(account, instrument, size, price, self._at + lasting, self._salt, self._epochs.get(account, 0))
        self._book.append(order)
        return order

    def _rest(self, model: Model, order: Order) -> int:
        return abs(order.size) - model.exchange.filled_wad(order)

    def _known(self, model: Model, instrument: int) -> Order | None:
        """An order of the book, mostly one that could still be filled."""
        recent = [each for each in self._book[-40:] if each.instrument == instrument]
        good = [each for each in recent if each.expires_at >= self._at and self._rest(model, each)]
        good = [each for each in good if each.epoch == self._epochs.get(each.account, 0)]
        found = good if self._random.random() < 0.9 else recent
        return self._random.choice(found) if found else None

    def _size(self) -> int:
        return self._random.choice((1, WAD, self._random.randrange(1, 3 * WAD), self._random.randrange(1, WAD)))

    def _match(self, model: Model) -> Match:
        """Two orders that meet, at least one of them new."""
        random, self._epochs = self._random, model.exchange.epoch_of
        instrument = random.choice(_INSTRUMENTS)
        mark, _ = model.vault.quotation(instrument, now=self._at)
        price = mark + random.choice((0, 0, 1, -1, random.randint(-mark // 30, mark // 30)))
        side = random.choice((-1, 1))
        maker = self._known(model, instrument) if random.random() < 0.5 else None
        maker = maker or self._order(instrument, -side * self._size(), price)
        side, slack = (-1 if maker.size > 0 else 1), random.choice((0, 0, 1, 3, mark // 50, mark // 50 | 1))
        taker = self._known(model, instrument) if random.random() < 0.3 else None
        if taker is None or (taker.size > 0) != (side > 0) or (taker.limit_wad - maker.limit_wad) * side < 0:
            limit = max(0, maker.limit_wad + side * slack)
            taker = self._order(instrument, side * self._size(), limit, maker.account)
        most = min(self._rest(model, maker), self._rest(model, taker))
        size = random.choice((most, most, most // 2, random.randrange(most + 1), 1))
        return Match(maker, self._signed(maker), taker, self._signed(taker), max(1, size))

    def _signed(self, order: Order) -> Signature:
        owner = order.account.owner
        return Signature(_SIGNERS.get(owner, owner), order, CHAIN_ID, EXCHANGE)

    def _fill(self, model: Model) -> Step:
        matches = [self._match(model) for _ in range(self._random.choice((1, 1, 1, 2, 3)))]
        if self._random.random() < 0.4:
            place = self._random.randrange(len(matches))
            matches[place] = self._random.choice(self._spoilers)(model, matches[place])
        elif self._random.random() < 0.05:
            matches += matches[-1:]
        return doors.fill(self._at, self._random.choice((_RELAYER, *_OWNERS)), matches=tuple(matches))

    def _replay(self, model: Model) -> Step:
        """A fill that was accepted before, again."""
        if not self._filled:
            return self._fill(model)
        return doors.fill(self._at, _RELAYER, matches=self._random.choice(self._filled[-10:]))

    def _oversized(self, model: Model, pair: Match) -> Match:
        most = min(self._rest(model, pair.maker), self._rest(model, pair.taker))
        return pair._replace(size_wad=self._random.choice((0, most + 1, 2 * most + 1, 2**256 - 1)))

    def _missigned(self, model: Model, pair: Match) -> Match:
        """One of the two signatures has another signer, order, chain or contract, or is no signature."""
        random = self._random
        of_maker = random.random() < 0.5
        order = pair.maker if of_maker else pair.taker
        good = self._signed(order)
        bad: Signature | str = random.choice(
            (
                good._replace(signer=random.choice(("owner0", "owner1", "keeper", _STRANGER))),
                good._replace(chain_id=random.choice((1, 0, CHAIN_ID + 1))),
                good._replace(exchange=random.choice((VAULT, _STRANGER, "USDC"))),
                good._replace(order=self._tampered(order)),
                good._replace(version=1),
                good._replace(version=random.choice((0, 3))),
                random.choice(("", "0x", "0x00", "0x" + "00" * 65, "0x" + "11" * 65, "0x" + "ff" * 64)),
            )
        )
        return pair._replace(maker_signature=bad) if of_maker else pair._replace(taker_signature=bad)

    def _tampered(self, order: Order) -> Order:
        random = self._random
        account = order.account
        changed: Args = random.choice(
            (
                {"size": -order.size}, {"size": order.size * 2}, {"limit_wad": order.limit_wad + 1},
                {"limit_wad": order.limit_wad - 1}, {"expires_at": order.expires_at - 1}, {"salt": order.salt + 1},
                {"instrument": order.instrument + 1}, {"epoch": order.epoch + 1},
                {"account": account._replace(number=account.number + 1)}, {"account": random.choice(self.accounts)},
            )
        )  # fmt: skip
        return order._replace(**changed)

    def _unmet(self, model: Model, pair: Match) -> Match:
        """The maker's limit is a little worse than the taker's."""
        worse = self._random.choice((1, pair.maker.limit_wad // 100))
        limit = pair.maker.limit_wad + (worse if pair.taker.size < 0 else -worse)
        return self._with_taker(pair, limit_wad=max(0, limit))

    def _same_side(self, model: Model, pair: Match) -> Match:
        return self._with_taker(pair, size=-pair.taker.size)

    def _other_instrument(self, model: Model, pair: Match) -> Match:
        others = {0, market.perp(0), market.perp(1), market.perp(7)} - {pair.maker.instrument}
        return self._with_taker(pair, instrument=self._random.choice(sorted(others)))

    def _odd_order(self, model: Model, pair: Match) -> Match:
        """A signed taker order that the vault refuses: expired, oversized, of an empty account, out of the band."""
        random = self._random
        if random.random() < 0.4:
            return self._with_odd_maker(pair, random.choice(self._odd_makers(pair)))
        return self._with_taker(pair, **random.choice(self._odd_takers(pair)))

    def _odd_takers(self, pair: Match) -> Sequence[Args]:
        """Changes that spoil the taker order of a pair."""
        sign = -1 if pair.taker.size < 0 else 1
        return (
            {"size": 0}, {"size": sign * (fixed.CAP + 1)}, {"size": sign * fixed.CAP}, {"size": -(2**255)},
            {"expires_at": self._at - 1}, {"expires_at": self._at - 1}, {"expires_at": 0}, {"expires_at": self._at},
            {"account": pair.maker.account}, {"account": AccountId("stranger", 3)}, {"account": AccountId("USDC")},
            {"salt": 0}, {"salt": 2**256 - 1}, {"epoch": pair.taker.epoch + 1}, {"epoch": 2**256 - 1},
        )  # fmt: skip

    def _odd_makers(self, pair: Match) -> Sequence[Args]:
        """Changes that spoil both orders of a pair."""
        limits = [{"limit_wad": limit} for limit in (0, 1, pair.maker.limit_wad * 2, 2**256 - 1)]
        return (*limits, {"instrument": market.perp(7)}, {"instrument": 0})

    def _with_odd_maker(self, pair: Match, odd: Args) -> Match:
        maker = pair.maker._replace(**odd)
        return self._with_taker(pair._replace(maker=maker, maker_signature=self._signed(maker)), **odd)

    def _odd_fills(self, model: Model) -> Iterator[Step]:
        """Every odd order once, each of a pair that could be filled."""
        self._draw("odd")
        for place in range(len(self._odd_takers(self._match(model)))):
            pair = self._match(model)
            yield self._filling(self._with_taker(pair, **self._odd_takers(pair)[place]))
        for place in range(len(self._odd_makers(self._match(model)))):
            pair = self._match(model)
            yield self._filling(self._with_odd_maker(pair, self._odd_makers(pair)[place]))
        pair = self._match(model)
        yield self._filling(pair._replace(maker_signature=self._signed(pair.maker)._replace(version=1)))

    def _filling(self, pair: Match) -> Step:
        return doors.fill(self._at, _RELAYER, matches=(pair,))

    def _with_taker(self, pair: Match, **changed: Any) -> Match:
        """The pair with another taker, well signed where anyone can sign for it."""
        taker = pair.taker._replace(**changed)
        signature: Signature | str = "" if taker.account.owner == "USDC" else self._signed(taker)
        return pair._replace(taker=taker, taker_signature=signature)

    def _cancel(self, model: Model) -> Step:
        order = self._random.choice(self._book[-20:]) if self._book else self._order(market.perp(0), WAD, WAD)
        return doors.cancel(self._at, self._actor(order.account), order=order)

    def _cancel_below(self, model: Model) -> Step:
        """A floor at a salt of the book, with orders below it, at it and above it."""
        account = self._random.choice(self.accounts)
        floor = model.exchange.salt_floor[account]
        salts = [each.salt for each in self._book[-30:]] or [1]
        salt = self._random.choice((floor, max(0, floor - 1), min(salts), min(salts), self._random.choice(salts)))
        sender = self._actor(account)
        salt = _LAST_SALT if self._random.random() < 0.1 else salt
        return doors.cancel_below(self._at, sender, account=account, salt=salt)

    def _next_epoch(self, model: Model) -> Step:
        """The orders of an account end: what it signs from now on is of the next epoch."""
        floors = model.exchange.salt_floor
        shut = [each for each in self.accounts if floors[each] == _LAST_SALT]
        account = self._random.choice(shut or self.accounts)
        return doors.next_epoch(self._at, self._actor(account), account=account)

    def _actor(self, account: AccountId) -> str:
        return account.owner if self._random.random() < 0.7 else self._random.choice((_BROKER, _STRANGER, *_OWNERS))

    def _operator(self, model: Model) -> Step:
        """The exchange is forbidden, and soon allowed again."""
        lacking = [each for each in self.accounts if not model.vault.is_authorized(each, EXCHANGE)]
        account = self._random.choice(lacking or self.accounts)
        return doors.set_operator(self._at, account.owner, account=account, operator=EXCHANGE, allowed=bool(lacking))

    def _price(self, model: Model) -> Step:
        underlying = self._random.randrange(2)
        return self._publish(underlying, _PRICES[underlying] * self._random.randint(970, 1_030) // 1_000)

    def _publish(self, underlying: int, index: int) -> Step:
        return doors.publish_price(
            self._at, _FEEDER, underlying=underlying, index_wad=index, premium_wad=0, confidence_wad=WAD,
            published_at=self._at,
        )  # fmt: skip

    def _deposit(self, model: Model) -> Step:
        account = self._random.choice(self.accounts)
        return doors.deposit_cash(self._at, account.owner, account=account, amount_raw=self._random.randrange(10**10))

    def _withdraw(self, model: Model) -> Step:
        """Sometimes nearly all, so that margins bind."""
        account = self._random.choice(self.accounts)
        [metrics] = model.metrics([account], self._at)
        free_raw = max(0, metrics.free_collateral_wad) // 10**12
        amount = self._random.choice((free_raw, self._random.randrange(free_raw + 1)))
        return doors.withdraw_cash(self._at, account.owner, account=account, amount_raw=amount, to=account.owner)

    def _pause(self, model: Model) -> Step:
        return doors.pause(self._at, _GOVERNOR)

    def _unpause(self, model: Model) -> Step:
        return doors.unpause(self._at, _GOVERNOR)
