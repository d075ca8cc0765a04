"""The rest of a record with an account that is not liquidated: its maintenance buffer after every step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import mark
from crossvault.history.playhead import Playhead
from crossvault.history.recorded_account import is_sale_of
from crossvault.mirror import account as accounts, fixed, margin, market, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.portfolio.solver import MarginCase, MarginMethod

OTHER_SIDE = AccountId("other-side")  # the counterparty of a trade that the record does not have

_PRICES = ("publish_price", "publish_forward", "publish_surface", "unpause", "pause")
_FLOAT = 20  # cash of the other side, in notionals of the whole position

Measure = Callable[[Model, int], int | None]
"""The maintenance buffer at a time [wad]; none where it cannot be judged: a stale price, a paused vault."""


class Low(NamedTuple):
    """A maintenance buffer [wad] after a step of the record, or at one that is left out, at a time [unix seconds]."""

    buffer_wad: int
    number: int
    at: int


class BufferPath(NamedTuple):
    """Maintenance buffers on a path: the lowest while there is a position, the first below zero, a refused insertion.

    changed: numbers of the account's own steps that come out otherwise than recorded, accepted or refused.
    liquidated: number of the step of the record that starts the liquidation, where steps of it are played.
    """

    lowest: Low | None
    first: Low | None
    refusal: Refusal | None = None
    changed: tuple[int, ...] = ()
    liquidated: int | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the account passes maintenance wherever it is judged."""
        return self.refusal is None and self.first is None and self.liquidated is None


def own_buffer(account: AccountId) -> Measure:
    """The buffer that the vault judges: below zero anyone may start the liquidation."""

    def measured(model: Model, at: int) -> int | None:
        if model.vault.paused:
            return None
        book = valuation.book(model.vault.ledger, account, now=at)
        return None if book.stale.underlying else margin.margin(book, Level.MAINTENANCE)

    return measured


def buffer_by(account: AccountId, method: MarginMethod) -> Measure:
    """The buffer by a method, whatever the mode of the account; isolated: equity less the capital of all positions."""

    def measured(model: Model, at: int) -> int | None:
        if model.vault.paused:
            return None
        case = MarginCase(model, account, at, method)
        with case.trial():
            if case.book().stale.underlying:
                return None
            return case.figures(Level.MAINTENANCE).buffer_wad

    return measured


@dataclass(slots=True)
class Counterfactual:
    """The record from a moment on, with steps inserted there; the playhead returns to the moment after each trial.

    refused: numbers of the account's steps that the record refuses.
    """

    playhead: Playhead
    account: AccountId
    at: int
    refused: Collection[int] = ()

    def path(self, inserted: Sequence[Step], measure: Measure, is_still: bool = False) -> BufferPath:
        """The buffers from the moment to the end of the record, without the liquidation of the account.

        is_still: without any other step of the account either, settlements excepted.
        """
        [found] = self.paths(inserted, [measure], is_still)
        return found

    def paths(self, inserted: Sequence[Step], measures: Sequence[Measure], is_still: bool = False) -> list[BufferPath]:
        """The buffers by several measures on one path."""
        begin, watches = self.playhead.mark(), [_Watch(self.account, each) for each in measures]
        refusal = self._insert(inserted)
        changed = self._follow(watches, is_still) if refusal is None else []
        self.playhead.back(begin)
        return [BufferPath(each.lowest, each.first, refusal, tuple(changed)) for each in watches]

    def at_once(self, inserted: Sequence[Step], measure: Measure) -> BufferPath:
        """The buffer at the moment only."""
        begin, watch = self.playhead.mark(), _Watch(self.account, measure)
        refusal = self._insert(inserted)
        watch.look(self.playhead, self.at)
        self.playhead.back(begin)
        return BufferPath(watch.lowest, watch.first, refusal)

    def replayed(self, inserted: Sequence[Step]) -> BufferPath:
        """The record's own steps from the moment, the liquidation of the account among them, until one succeeds."""
        begin, watch = self.playhead.mark(), _Watch(self.account, own_buffer(self.account))
        refusal, liquidated = self._insert(inserted), None
        watch.look(self.playhead, self.at)
        while refusal is None and liquidated is None and not self.playhead.is_at_end:
            self.playhead.advance()
            if self.playhead.model.vault.ledger.sales[self.account].started_at:
                liquidated = self.playhead.number
            else:
                watch.look(self.playhead, self.playhead.model.at)
        self.playhead.back(begin)
        return BufferPath(watch.lowest, watch.first, refusal, liquidated=liquidated)

    def deposit(self, amount_raw: int) -> list[Step]:
        """The steps that add cash at the moment."""
        owner, token = self.account.owner, self.playhead.model.vault.ledger.cash.token
        if not amount_raw:
            return []
        return [
            doors.mint(self.at, owner, token=token, to=owner, amount_raw=amount_raw),
            doors.deposit_cash(self.at, owner, account=self.account, amount_raw=amount_raw),
        ]

    def reduction(self, parts: Mapping[int, int]) -> list[Step]:
        """The steps that close parts of positions at their marks, at once, with a counterparty of their own.

        parts: size to close by instrument [wad], not negative.
        """
        sizes = {instrument: size for instrument, size in parts.items() if size}
        if not sizes:
            return []
        state, at, other = self.playhead.model.vault.ledger, self.at, OTHER_SIDE
        unit = 10**state.cash.decimals
        notional = sum(self._notional(instrument) for instrument in sizes)
        float_raw = min(CAP * unit // WAD, _FLOAT * notional * unit)
        return [
            doors.mint(at, other.owner, token=state.cash.token, to=other.owner, amount_raw=float_raw),
            doors.deposit_cash(at, other.owner, account=other, amount_raw=float_raw),
            doors.set_operator(at, other.owner, account=other, operator=self.account.owner, allowed=True),
            doors.batch(at, self.account.owner, calls=[self._closing(*each) for each in sizes.items()]),
        ]

    def _closing(self, instrument: int, size_wad: int) -> Call:
        held = accounts.entry(self.playhead.model.vault.ledger.holders[self.account], instrument).size
        price_wad = max(1, mark(self.playhead.model, instrument, self.at))
        step = doors.trade(
            self.at, self.account.owner, maker=OTHER_SIDE, taker=self.account, instrument=instrument,
            size=-size_wad if held > 0 else size_wad, price_wad=price_wad,
        )  # fmt: skip
        return Call(step.action, step.args)

    def _notional(self, instrument: int) -> int:
        """Notional of a position, at the higher of mark and index, in whole units of quote."""
        state = self.playhead.model.vault.ledger
        held = accounts.entry(state.holders[self.account], instrument).size
        index_wad = state.prices[market.underlying_of(instrument)].index
        dearest_wad = max(index_wad, mark(self.playhead.model, instrument, self.at))
        return fixed.mul_div_up(abs(held), dearest_wad, WAD) // WAD + 1

    def _insert(self, steps: Sequence[Step]) -> Refusal | None:
        for step in steps:
            if refusal := self.playhead.insert(step):
                return refusal
        return None

    def _follow(self, watches: Sequence[_Watch], is_still: bool) -> list[int]:
        """Plays the rest of the record; returns the steps of the account that come out otherwise than recorded."""
        changed, before = [], self.at
        self._look(watches, self.at)
        while not self.playhead.is_at_end:
            step = self.playhead.steps[self.playhead.number]
            is_own = self.account in step.accounts()
            if is_sale_of(step, self.account) or (is_own and is_still and step.action != "settle"):
                self.playhead.skip()  # at its time the account may have failed without it
                self._look(watches, step.at)
                before = step.at
                continue
            refusal = self.playhead.advance()
            if is_own and (refusal is not None) != (self.playhead.number in self.refused):
                changed.append(self.playhead.number)
            if step.at != before or is_own or is_general(step):
                self._look(watches, step.at)
            before = step.at
        return changed

    def _look(self, watches: Sequence[_Watch], at: int) -> None:
        for each in watches:
            each.look(self.playhead, at)


def is_general(step: Step) -> bool:
    """Whether a step can change the margin of accounts that it does not name."""
    return step.action in _PRICES or step.action.startswith("enact")


@dataclass(slots=True)
class _Watch:
    account: AccountId
    measure: Measure
    lowest: Low | None = None
    first: Low | None = None

    def look(self, playhead: Playhead, at: int) -> None:
        buffer_wad = self.measure(playhead.model, at)
        if buffer_wad is None or (buffer_wad >= 0 and not self._is_exposed(playhead)):
            return
        if self.lowest is None or buffer_wad < self.lowest.buffer_wad:
            self.lowest = Low(buffer_wad, playhead.number, at)
        if self.first is None and buffer_wad < 0:
            self.first = Low(buffer_wad, playhead.number, at)

    def _is_exposed(self, playhead: Playhead) -> bool:
        return bool(accounts.instruments(playhead.model.vault.ledger.holders[self.account]))
