"""Episodes of distress: auctions to their end, insolvency, expiries, pauses and stale prices, each a few dozen steps.

An episode goes on over steps of a walk, between which other moves may come; it reads the state of the model as it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import account as accounts, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks.base import BROKER, FAUCET, FEEDER, GOVERNOR, GUARDIAN, STRANGER, WAD
from crossvault.walks.exact_points import Attempt, ExactPoints
from crossvault.walks.price_moves import ListedExpiry

Episode = Callable[[Model], Iterator[Step]]

_BEGINS, _GOES_ON = 0.025, 0.85  # how likely an episode begins at a step, and goes on at the next
_MOST_FALLS = 30
_ANY_PRICE = 2**255 - 1
_FUND_RAW = 10**11


class DistressEpisodes(ExactPoints):
    """Episodes, and the one that is going on."""

    _episode: Iterator[Step] | None = None

    def _scripted(self, model: Model) -> Step | None:
        """The next step of an episode, if one goes on or begins now."""
        random = self._random
        if self._episode is None and random.random() < _BEGINS:
            kinds: tuple[tuple[int, Episode], ...] = (
                (9, self._auctioned), (3, self._expiring), (2, self._halted), (2, self._outdated), (3, self._jumped),
                (2, self._drained), (2, self._edged), (1, self._unhedged),
            )  # fmt: skip
            chosen = random.choices([each for _, each in kinds], [weight for weight, _ in kinds])[0]
            self._episode = chosen(model)
        if self._episode is None or random.random() >= _GOES_ON:
            return None
        step = next(self._episode, None)
        if step is None:
            self._episode = None
        return step

    def _auctioned(self, model: Model) -> Iterator[Step]:
        """An account takes all the risk it can, fails, is bid for in parts, and recovers, runs out or is insolvent."""
        random = self._random
        victim, underlying = random.choice(self._idle(model)), random.choice((0, 0, 1))
        if not (yield from self._leveraged(model, victim, underlying)):
            return
        if not (yield from self._sunk(model, victim, underlying)):
            return
        if random.random() < 0.3:
            yield from self._given_away(model, victim, self.buyers[0], market.perp(underlying))
        yield doors.start_liquidation(self._at, STRANGER, account=victim)
        yield from self._bid_in_parts(model, victim)
        ends = random.choice((self._recovered, self._insolvent, self._insolvent, self._run_out, self._revived))
        yield from ends(model, victim, underlying)

    def _sunk(self, model: Model, victim: AccountId, underlying: int) -> Attempt:
        """The price moves against an account until it fails; returns whether it did."""
        for _ in range(_MOST_FALLS):
            yield from self._refreshed(model)
            if self._margin(model, victim) < 0:
                return True
            yield self._moved_against(model, victim, underlying, 40)
        return False

    def _moved_against(self, model: Model, victim: AccountId, underlying: int, part: int) -> Step:
        """A print against the position of an account: a part of the price, but no more than its guard lets pass."""
        self._at += 1
        state = model.vault.ledger
        index, jump = state.prices[underlying].index, state.guards[underlying].max_jump
        most = min(index // part, index * jump // WAD) if jump else index // part
        sign = -1 if accounts.entry(state.holders[victim], market.perp(underlying)).size > 0 else 1
        return self._printed(underlying, index + sign * most)

    def _bid_in_parts(self, model: Model, victim: AccountId) -> Iterator[Step]:
        """Bids around every bend of the discount, by buyers and by the owner, at limits that just do."""
        random, terms = self._random, model.vault.ledger.terms
        bidders = [*self.buyers, AccountId(victim.owner, victim.number + 1)]
        for secs in (0, 1, terms.fast_secs - 1, terms.fast_secs, terms.fast_secs + terms.slow_secs - 1):
            sale = model.vault.ledger.sales[victim]
            if not sale.started_at or sale.insolvent_at:
                return
            if random.random() < 0.3:
                continue
            yield from self._kept_fresh(model, model.vault.clock_from(victim, now=self._at) + secs)
            yield from self._refreshed(model)
            bidder = random.choices(bidders, (5, 5, 1))[0]
            yield from self._priced_bid(model, victim, bidder, random.choice((WAD // 50, WAD // 20, WAD // 7)))

    def _priced_bid(self, model: Model, victim: AccountId, bidder: AccountId, fraction: int) -> Iterator[Step]:
        """A bid whose limit is one wei below the price, and one at the price; sometimes at any."""
        limits: tuple[int, ...] = (_ANY_PRICE,)
        try:
            state = model.vault.require_failing(victim, now=self._at)
            deal = model.vault.terms(victim, bidder, fraction, state, sender=bidder.owner, now=self._at)
            limits = (deal.cost_wad - 1, deal.cost_wad) if self._random.random() < 0.5 else limits
        except Refusal:
            pass
        for limit in limits:
            yield doors.bid(
                self._at, bidder.owner, account=victim, bidder=bidder, fraction_wad=fraction, limit_wad=limit
            )

    def _recovered(self, model: Model, victim: AccountId, underlying: int) -> Iterator[Step]:
        """Collateral is deposited until the buffer is exactly zero, and one raw unit less before that."""
        yield from self._refreshed(model)
        token = model.vault.ledger.assets[3].token
        yield doors.mint(self._at, FAUCET, token=token, to=victim.owner, amount_raw=10**24)

        def buffer() -> int:
            return model.vault.auction_state(victim, now=self._at).buffer_wad

        enough = self._least(model, lambda raw: self._fine_deposit(victim, raw), buffer, 10**23)
        if enough is None:
            return
        if enough > 1:
            yield self._fine_deposit(victim, enough - 1)
            yield doors.end_liquidation(self._at, STRANGER, account=victim)
            yield doors.declare_insolvent(self._at, STRANGER, account=victim)
            enough = 1
        yield self._fine_deposit(victim, enough)
        yield from self._priced_bid(model, victim, self.buyers[0], WAD // 9)
        yield doors.end_liquidation(self._at, STRANGER, account=victim)

    def _run_out(self, model: Model, victim: AccountId, underlying: int) -> Iterator[Step]:
        """No bid takes the rest before the discount is at its end."""
        terms = model.vault.ledger.terms
        for late in (-1, 0):
            clock_at = model.vault.clock_from(victim, now=self._at)
            yield from self._kept_fresh(model, clock_at + terms.fast_secs + terms.slow_secs + late)
            yield from self._refreshed(model)
            yield doors.declare_insolvent(self._at, STRANGER, account=victim)
        yield from self._rewarded(model, victim)

    def _insolvent(self, model: Model, victim: AccountId, underlying: int) -> Iterator[Step]:
        """The account is worth nothing, is declared insolvent, and bidders are paid for it."""
        yield from self._valueless(model, victim, underlying)
        yield doors.declare_insolvent(self._at, STRANGER, account=victim)
        yield from self._rewarded(model, victim)

    def _revived(self, model: Model, victim: AccountId, underlying: int) -> Iterator[Step]:
        """The account is declared insolvent, is worth something again, and is bid for or put up anew."""
        yield from self._valueless(model, victim, underlying)
        yield doors.declare_insolvent(self._at, STRANGER, account=victim)
        yield doors.start_liquidation(self._at, STRANGER, account=victim)
        for _ in range(_MOST_FALLS):
            if self._value(model, victim) > 0:
                break
            yield self._moved_against(model, victim, underlying, -40)
            yield from self._refreshed(model)
        if self._random.random() < 0.5:
            yield doors.start_liquidation(self._at, STRANGER, account=victim)
        yield from self._bid_in_parts(model, victim)
        yield from self._priced_bid(model, victim, self.buyers[0], WAD)
        yield doors.end_liquidation(self._at, STRANGER, account=victim)

    def _valueless(self, model: Model, victim: AccountId, underlying: int) -> Iterator[Step]:
        """The price falls on until nothing is left beyond the cash that bidders have paid."""
        for _ in range(_MOST_FALLS):
            if self._value(model, victim) <= 0:
                break
            yield self._moved_against(model, victim, underlying, 40)
            yield from self._refreshed(model)

    def _value(self, model: Model, victim: AccountId) -> int:
        try:
            return model.vault.auction_state(victim, now=self._at).value_wad
        except Refusal:
            return 0

    def _rewarded(self, model: Model, victim: AccountId) -> Iterator[Step]:
        """Bids while the reward rises and when it is full, from a fund that is empty, just enough, and full."""
        random, owner = self._random, self.buyers[0].owner
        secs = model.vault.ledger.terms.insolvent_secs
        for wait in (0, secs // 2, secs - 1, secs, secs + 1):
            sale = model.vault.ledger.sales[victim]
            if not sale.insolvent_at:
                break
            yield from self._kept_fresh(model, model.vault.clock_from(victim, now=self._at) + wait)
            yield from self._refreshed(model)
            pool = model.vault.ledger.cash
            lacking = -(-(pool.deficit_wad - pool.insurance_wad) // 10**12)
            if lacking > 0 and random.random() < 0.5:
                yield doors.fund_insurance(self._at, owner, amount_raw=lacking)
            yield self._withdrawn(model)
            bidder = random.choice(self.buyers)
            yield from self._priced_bid(model, victim, bidder, random.choice((WAD // 10, WAD // 3, WAD)))
        yield doors.fund_insurance(self._at, owner, amount_raw=_FUND_RAW)
        yield from self._priced_bid(model, victim, self.buyers[1], WAD)
        yield doors.end_liquidation(self._at, STRANGER, account=victim)
        yield self._withdrawn(model)

    def _unhedged(self, model: Model) -> Iterator[Step]:
        """In a pause one leg of a spread is closed, in a batch and by itself, and then both."""
        one, other = self.buyers[:2]
        term = ListedExpiry(0, self._at + oracle.WINDOW + 7_200)
        future = market.instrument_of(0, market.FUTURE, term.expiry, 0)
        yield from self._refreshed(model)
        yield doors.open_expiry(self._at, GOVERNOR, underlying=0, expiry=term.expiry)
        self._ended.append(term)
        yield self._print_forward(model, term)
        legs = [(each, found[0]) for each in (future, market.perp(0)) if (found := self._quotation(model, each))]
        size = min(self._free(model, each) for each in (one, other)) // 10
        if len(legs) < 2 or size * WAD < legs[0][1]:
            return
        signed = [
            (each, sign * (size * WAD // legs[0][1]), mark) for sign, (each, mark) in zip((1, -1), legs, strict=True)
        ]
        for each, of, mark in signed:
            yield self._deal(one, other, each, of, mark)
        yield doors.pause(self._at, GUARDIAN)
        back = [self._deal(other, one, each, of, mark) for each, of, mark in signed]
        for calls in (back[:1], back[1:]):
            yield doors.batch(self._at, BROKER, calls=tuple(map(doors.call_of, calls)))
            yield replace(calls[0], at=self._at)
        yield doors.batch(self._at, BROKER, calls=tuple(map(doors.call_of, back)))
        yield doors.unpause(self._at, GOVERNOR)

    def _expiring(self, model: Model) -> Iterator[Step]:
        """Two expiries of one underlying, traded up to their last second, settled by one print and then by accounts."""
        random, underlying = self._random, self._random.choice((0, 1))
        first = self._at + oracle.WINDOW + random.choice((2, 60, 900))
        terms = [ListedExpiry(underlying, first), ListedExpiry(underlying, first + random.choice((1, 60)))]
        yield from self._refreshed(model)
        for term in terms:
            yield doors.open_expiry(self._at, GOVERNOR, underlying=underlying, expiry=term.expiry)
            self._ended.append(term)
            yield self._print_forward(model, term)
            yield self._print_surface(model, term)
            yield from self._dated(model, term)
        last = terms[-1].expiry
        start = first - oracle.WINDOW
        for at in (start - 1, start, start + 1, first - 1, first, last - 1, last, last + 1):
            self._at = max(self._at, at)
            if random.random() < 0.5:
                yield self._printed(underlying, model.vault.ledger.prices[underlying].index)
            yield from self._stale(model)
            yield from self._dated(model, random.choice(terms))
            yield doors.settle(
                self._at, STRANGER, underlying=underlying, expiry=first, accounts=tuple(self.accounts[:2])
            )
        yield self._printed(underlying, model.vault.ledger.prices[underlying].index)
        yield self._withdrawn(model)
        for term in terms:
            held = tuple(self._waiting(model).get(term, self.accounts[:1]))
            yield doors.settle(
                self._at, FEEDER, underlying=underlying, expiry=term.expiry, accounts=(*held, *held[:1])
            )  # fmt: skip

    def _dated(self, model: Model, term: ListedExpiry) -> Iterator[Step]:
        """A future or an option of an expiry changes hands."""
        future = market.instrument_of(term.underlying, market.FUTURE, term.expiry, 0)
        instrument = self._random.choice((future, self._option(term)))
        maker, taker = self._random.sample(self._idle(model), 2)
        mark, band = self._quotation(model, instrument) or (self._prices[term.underlying], 0)
        size = self._size(model, maker, taker, instrument)
        yield self._deal(maker, taker, instrument, size, self._offered(mark, band))

    def _halted(self, model: Model) -> Iterator[Step]:
        """Any door while the vault is paused."""
        yield doors.pause(self._at, GUARDIAN)
        yield from self._any(model, 9)
        yield doors.unpause(self._at, GOVERNOR)

    def _outdated(self, model: Model) -> Iterator[Step]:
        """Any door in the last second of a price, and in the first without one."""
        state = model.vault.ledger
        underlying = self._random.choice((0, 0, 1, 2))
        last = state.prices[underlying].published_at + state.risks[underlying].heartbeat_secs
        for at in (last, last + 1):
            if self._at <= at:
                self._at = at
            yield from self._any(model, 4)
        yield self._printed(underlying, state.prices[underlying].index)

    def _any(self, model: Model, count: int) -> Iterator[Step]:
        moves = [
            *self._batched(), self._withdrawn, self._trade, self._trade, self._batch, self._settle, self._start,
            self._sale, self._bid,
        ]  # fmt: skip
        for _ in range(count):
            yield self._random.choice(moves)(model)
