"""Random prices: indexes, forwards and surfaces as feeders publish them, and expiries that open, end and settle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import account as accounts, fixed, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.surface import Svi
from crossvault.walks.base import FEEDER, GOVERNOR, STRANGER, USUAL_PRICES, WAD, Args
from crossvault.walks.parameter_moves import ParameterMoves
from crossvault.walks.variety import WalkParameters

_YEAR_SECS = 365 * 24 * 60 * 60
_LEAP = 0.02  # how likely a long time passes, where it may
_AHEAD_SECS = (31 * 60, 45 * 60, 2 * 3_600, 6 * 3_600, 24 * 3_600, 3 * 24 * 3_600, 90 * 24 * 3_600)


class ListedExpiry(NamedTuple):
    """An expiry of an underlying [unix seconds]."""

    underlying: int
    expiry: int


class PriceMoves(ParameterMoves):
    """Prints of feeders, and the clock that makes prices stale."""

    def __init__(self, seed: int, variety: WalkParameters) -> None:
        super().__init__(seed, variety)
        self._prices = dict(USUAL_PRICES)
        self._ended: list[ListedExpiry] = []

    def _pass_time(self, model: Model) -> None:
        """Passes time: mostly none; else a little, or up to an expiry or a settlement window."""
        random = self._random
        if random.random() >= self._variety.pace:
            return
        marks = [at for term in self._open(model) for at in (term.expiry - oracle.WINDOW, term.expiry)]
        near = [at for at in marks if self._at < at <= self._at + 4 * 3_600]
        if near and random.random() < 0.3:
            self._at = max(self._at, min(near) + random.choice((-1, 0, 0, 1, 60)))
        else:
            self._at += random.choice((1, 1, 12, 60, 60, 300, 600, 1_800, 7_200))
        if self._variety.leaps and random.random() < _LEAP:
            self._at += random.choice(self._variety.leaps)

    def _open(self, model: Model) -> list[ListedExpiry]:
        """Expiries that have not settled."""
        expiries = model.vault.ledger.expiries
        return [ListedExpiry(underlying, expiry) for underlying in self._prices for expiry in expiries[underlying]]

    def _stale(self, model: Model) -> Iterator[Step]:
        """The prints that open positions need, because their price is stale."""
        state, now = model.vault.ledger, self._at
        for underlying in self._prices:
            price, heartbeat = state.prices[underlying], state.risks[underlying].heartbeat_secs
            if not oracle.is_fresh(price.published_at, heartbeat, now=now):
                yield self._move_price(underlying, 0)
        holders = chain(self.accounts, self.buyers)
        held = dict.fromkeys(each for account in holders for each in accounts.instruments(state.holders[account]))
        for instrument in held:
            term = ListedExpiry(market.underlying_of(instrument), market.expiry_of(instrument))
            if term.expiry <= now:
                continue
            curve = state.curves[market.term_of(*term)]
            if not oracle.is_fresh(curve.published_at, state.risks[term.underlying].heartbeat_secs, now=now):
                yield self._print_forward(model, term)
            is_option = market.is_option(market.kind_of(instrument))
            heartbeat = state.option_risks[term.underlying].heartbeat_secs
            if is_option and not oracle.is_fresh(curve.surface_published_at, heartbeat, now=now):
                yield self._print_surface(model, term)

    def _price(self, model: Model) -> Step:
        underlying = self._random.choices((0, 1, 2, 3), (50, 40, 10, 1))[0]
        if underlying == 3:
            return self._publish(3, WAD, 0)
        if self._random.random() < 0.3:
            self._prices[underlying] = model.vault.ledger.prices[underlying].index
        return self._move_price(underlying, self._random.choice((0,) * 12 + (1, 30, 7_200, -1)))

    def _move_price(self, underlying: int, age: int) -> Step:
        random = self._random
        step = random.choices((5, 20, 60, 350), (45, 35, 17, 3))[0] if underlying != 2 else 3
        moved = self._prices[underlying] * (1_000 + random.randint(-step, step)) // 1_000
        low, high = USUAL_PRICES[underlying] // 20, USUAL_PRICES[underlying] * 20
        self._prices[underlying] = min(max(moved, low), high) + random.randrange(10**6)
        confidence = WAD if random.random() < 0.8 else random.randrange(WAD + WAD // 20)
        return self._publish(underlying, confidence, age)

    def _publish(self, underlying: int, confidence: int, age: int) -> Step:
        index = self._prices.get(underlying, WAD)
        premium = self._random.randint(-index // 20, index // 20) if self._random.random() < 0.5 else 0
        return doors.publish_price(
            self._at, FEEDER, underlying=underlying, index_wad=index, premium_wad=premium, confidence_wad=confidence,
            published_at=self._at - age,
        )  # fmt: skip

    def _open_expiry(self, model: Model) -> Step:
        """An expiry, mostly of traded underlyings; of the third one up to the limit and beyond."""
        random = self._random
        underlying = random.choice((0, 1, 2, 2)) if random.random() < 0.98 else random.randrange(3, 9)
        ahead = random.choice(_AHEAD_SECS) if underlying < 2 else _AHEAD_SECS[-1] + random.randrange(10**6)
        if random.random() < 0.05:
            ahead = random.choice((0, oracle.WINDOW, oracle.WINDOW + 1, 3650 * 24 * 3_600 + 1, 2**41))
        expiry = self._at + ahead
        known = self._open(model)
        if known and random.random() < 0.05:
            underlying, expiry = random.choice(known)
        self._ended.append(ListedExpiry(underlying, expiry))
        sender = GOVERNOR if random.random() < 0.98 else STRANGER
        return doors.open_expiry(self._at, sender, underlying=underlying, expiry=expiry)

    def _print_forward(self, model: Model, term: ListedExpiry) -> Step:
        random = self._random
        index = self._prices.get(term.underlying, WAD)
        return doors.publish_forward(
            self._at,
            FEEDER,
            underlying=term.underlying,
            expiry=term.expiry,
            forward_wad=index * random.randint(970, 1_050) // 1_000 + random.randrange(10**6),
            rate_wad=random.choice((0, WAD // 20, WAD // 5, random.randrange(WAD))),
            confidence_wad=WAD if random.random() < 0.8 else random.randrange(WAD + 1),
            published_at=self._at,
        )

    def _print_surface(self, model: Model, term: ListedExpiry) -> Step:
        confidence = WAD if self._random.random() < 0.8 else self._random.randrange(WAD + 1)
        svi = self._after(model, term, self._svi(term))
        return doors.publish_surface(
            self._at, FEEDER, underlying=term.underlying, expiry=term.expiry, svi=svi,
            confidence_wad=confidence, published_at=self._at,
        )  # fmt: skip

    def _after(self, model: Model, term: ListedExpiry, svi: Svi) -> Svi:
        """A surface; under a guard often the second print of what waits, or one a step from the last."""
        state = model.vault.ledger
        curve, move = state.curves[market.term_of(*term)], state.guards[term.underlying].surface_move
        if not move or not curve.surface_published_at:
            return svi
        chance, last = self._random.random(), curve.svi
        if curve.watch.waiting_at and chance < 0.4:
            return curve.watch.waiting
        part = WAD + move * 9 // 10
        return last._replace(a=last.a * part // WAD, b=last.b * part // WAD) if chance > 0.5 else svi

    def _svi(self, term: ListedExpiry) -> Svi:
        """A surface of 10 % to 200 % volatility, more or less skewed."""
        random = self._random
        secs = max(1, term.expiry - self._at)
        vol_pct = random.choice((10, 50, 80, 200))
        a = vol_pct * vol_pct * WAD // 10_000 * secs // _YEAR_SECS
        b = a * random.randint(0, 200) // 100
        rho, m = random.randint(-99, 99) * WAD // 100, random.randint(-10, 10) * WAD // 100
        sigma = random.choice((0, WAD // 100, WAD // 10, WAD))
        return Svi(a, b, rho, m, sigma, secs, self._prices.get(term.underlying, WAD))

    def _forward(self, model: Model) -> Step:
        step = self._print_forward(model, self._term(model))
        odd: Args = self._random.choice(
            (
                {"forward_wad": 0}, {"forward_wad": fixed.CAP + 1}, {"rate_wad": 10 * WAD + 1}, {"expiry": 2**40},
                {"published_at": self._at + 1}, {"published_at": self._at - 100_000}, {"confidence_wad": WAD + 1},
                {"forward_wad": self._random.choice((1, fixed.CAP))},
            )
        )  # fmt: skip
        return self._oddly(step, odd)

    def _surface(self, model: Model) -> Step:
        step = self._print_surface(model, self._term(model))
        svi: Svi = step.args["svi"]
        odd: Args = self._random.choice(
            (
                {"svi": svi._replace(rho=WAD + 1)}, {"svi": svi._replace(b=2 * WAD)}, {"svi": svi._replace(ref_secs=0)},
                {"svi": svi._replace(a=-svi.a - 1)}, {"svi": svi._replace(m=101 * WAD)},
                {"svi": svi._replace(a=0, b=0)}, {"published_at": self._at + 1}, {"published_at": self._at - 100_000},
                {"confidence_wad": WAD + 1}, {"underlying": 8},
            )
        )  # fmt: skip
        return self._oddly(step, odd)

    def _oddly(self, step: Step, odd: Args) -> Step:
        """Mostly the step as it is."""
        sender = STRANGER if self._random.random() < 0.02 else step.sender
        return doors.named(step.at, sender, step.action, {**step.args, **(odd if self._random.random() < 0.1 else {})})

    def _term(self, model: Model) -> ListedExpiry:
        """Mostly an open expiry of a traded underlying."""
        known = [each for each in self._open(model) if each.underlying < 2]
        if known and self._random.random() < 0.95:
            return self._random.choice(known)
        return self._random.choice(self._ended or [ListedExpiry(0, self._at)])

    def _settle(self, model: Model) -> Step:
        """A settlement of some accounts, mostly of an expiry that has settled and is still held."""
        random = self._random
        waiting = self._waiting(model)
        if waiting and random.random() < 0.9:
            term = random.choice(list(waiting))
        else:
            term = random.choice(self._ended) if random.random() < 0.8 else ListedExpiry(random.choice((0, 9)), 2**41)
        listed = [each for each in waiting.get(term, []) if random.random() < 0.7]
        listed += random.choices(self.accounts, k=random.choice((0, 0, 1, 2)))
        accounts, sender = (
            tuple(listed + listed[: random.choice((0, 0, 1))]),
            random.choice((STRANGER, "owner0", FEEDER)),
        )
        return doors.settle(self._at, sender, underlying=term.underlying, expiry=term.expiry, accounts=accounts)

    def _waiting(self, model: Model) -> dict[ListedExpiry, list[AccountId]]:
        """The settled expiries, with the accounts that still hold positions in them."""
        state = model.vault.ledger
        found: dict[ListedExpiry, list[AccountId]] = {}
        for account in chain(self.accounts, self.buyers):
            for instrument in accounts.instruments(state.holders[account]):
                term = ListedExpiry(market.underlying_of(instrument), market.expiry_of(instrument))
                if term.expiry and state.curves[market.term_of(*term)].settlement:
                    found.setdefault(term, []).append(account)
        return found
