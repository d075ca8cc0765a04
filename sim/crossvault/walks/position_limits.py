"""Accounts at the limit of positions: up to it, beyond it, and through a falling price."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.mirror import account as accounts, market
from crossvault.mirror.account import AccountId
from crossvault.walks.base import STRANGER, USUAL_PRICES, WAD
from crossvault.walks.price_moves import ListedExpiry
from crossvault.walks.random_walk import Walk

_RICH_RAW = 10**14
_TINY = WAD // 1_000
_MORE_THAN_FIT = accounts.MAX_POSITIONS + 2
_CONFIRMED_SECS = 151  # two of them are longer than a guard of a walk waits
_FALLS_PCT = (80, 60, 45, 35)


class PositionLimits(Walk):
    """Two accounts trade one strike after another, with both modes, and then the market falls."""

    def story(self) -> Story:
        """The walk as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"limits-{self._seed}", hash=f"limits {story.hash}")

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, then the limits, then a fall with its liquidations."""
        yield from self.setup()
        yield from self._opening(model)
        maker, taker = self.accounts[0], self.accounts[1]
        for account in (maker, taker):
            yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=_RICH_RAW)
        term = self._priced_term(model)
        self._draw("filled")
        yield from self._filled(model, maker, taker, term)
        self._draw("thinned")
        yield from self._thinned(model, maker, taker)
        yield from self._refilled(model, maker, taker, term)
        self._draw("fallen")
        yield from self._fallen(model, maker, taker)

    def _filled(self, model: Model, maker: AccountId, taker: AccountId, term: ListedExpiry) -> Iterator[Step]:
        """More positions than fit; options first, so that none of the places of a list is left out."""
        for place in range(_MORE_THAN_FIT):
            yield from self._dealt(model, maker, taker, self._at_place(term, place), _TINY)

    def _thinned(self, model: Model, maker: AccountId, taker: AccountId) -> Iterator[Step]:
        """Switches mode at every count around its limit; closes one position of the middle at a time."""
        holder = model.vault.ledger.holders[taker]
        while len(accounts.instruments(holder)) > accounts.MAX_OPTIONS - 2:
            instrument = accounts.instruments(holder)[len(accounts.instruments(holder)) // 2]
            before = len(accounts.instruments(holder))
            yield from self._dealt(model, maker, taker, instrument, -accounts.entry(holder, instrument).size)
            if len(accounts.instruments(holder)) == before:
                return  # refused: the walk continues without
            if before <= accounts.MAX_OPTIONS + 3:
                yield doors.set_mode(self._at, taker.owner, account=taker, mode=accounts.PORTFOLIO)
                yield from self._dealt(model, maker, taker, market.perp(0), _TINY)

    def _refilled(self, model: Model, maker: AccountId, taker: AccountId, term: ListedExpiry) -> Iterator[Step]:
        """In the mode that the account is in then: options that it never had, to one more than portfolio mode takes."""
        for place in range(_MORE_THAN_FIT, _MORE_THAN_FIT + 6):
            yield from self._dealt(model, maker, taker, self._at_place(term, place), _TINY)

    def _at_place(self, term: ListedExpiry, place: int) -> int:
        """A put and a call of each strike by turns, the strikes rising."""
        kind = market.CALL if place % 2 else market.PUT
        strike = USUAL_PRICES[term.underlying] + (place // 2 - 8) * (USUAL_PRICES[term.underlying] // 40)
        return market.instrument_of(*self._of_kind(term, kind), strike)

    def _fallen(self, model: Model, maker: AccountId, taker: AccountId) -> Iterator[Step]:
        """The accounts take risk and withdraw cash, prices fall, and parts of the failing accounts are bid for."""
        for underlying, size in ((0, 200 * WAD), (1, -5 * WAD)):
            yield from self._dealt(model, maker, taker, market.perp(underlying), size)
        for account in (maker, taker):
            free_raw = max(0, self._free(model, account)) // 10**12
            yield doors.withdraw_cash(self._at, account.owner, account=account, amount_raw=free_raw, to=account.owner)
        for part in _FALLS_PCT:
            for underlying in (0, 1, 0, 1):
                self._at += _CONFIRMED_SECS
                self._prices[underlying] = USUAL_PRICES[underlying] * part // 100
                yield self._publish(underlying, WAD, 0)
            yield from self._stale(model)
            for account in (maker, taker):
                yield doors.start_liquidation(self._at, STRANGER, account=account)
                for fraction in (WAD // 3, WAD // 7, WAD - 1):
                    self._at += 30
                    yield from self._stale(model)
                    yield from self._bought(account, fraction)

    def _bought(self, account: AccountId, fraction_wad: int) -> Iterator[Step]:
        bidder = self.buyers[0]
        yield self._bid_for(account, bidder, bidder.owner, fraction_wad)
        yield doors.declare_insolvent(self._at, STRANGER, account=account)

    def _dealt(self, model: Model, maker: AccountId, taker: AccountId, instrument: int, size: int) -> Iterator[Step]:
        """A trade at the mark price, if there is one."""
        found = self._quotation(model, instrument)
        if found is not None:
            yield self._deal(maker, taker, instrument, size, max(1, found[0]))
