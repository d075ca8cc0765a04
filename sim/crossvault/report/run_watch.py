"""Watches a run: collects from the model the figures of a report, in memory that does not grow with the run."""

from __future__ import annotations

import time
from collections.abc import Sequence

from crossvault.differential.model import Model
from crossvault.differential.step import Event, Outcome, Step
from crossvault.differential.story import mark, value
from crossvault.lockstep.run import RunResult
from crossvault.mirror import fixed, liquidation, margin, market, valuation
from crossvault.mirror.account import AccountId, entry, instruments
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import Level
from crossvault.report.run_capital import Capital
from crossvault.report.run_timeline import AcceptedBid, LargestLoss, Liquidation, RefusalRow, Sample, merged

_MOST_SAMPLES = 240
_LEAST_SAMPLES = 24
_MOST_VALUES = 12_000


class RunWatch:
    """An observer of a run that keeps samples, auctions, refusals, peaks and the capital of every account."""

    def __init__(self) -> None:
        self.started_at = self.ended_at = 0
        self.model: Model | None = None
        self.samples: list[Sample] = []
        self.liquidations: list[Liquidation] = []
        self.first_refusals: dict[str, RefusalRow] = {}
        self.accounts: dict[AccountId, None] = {}
        self.lowest_health: dict[AccountId, tuple[int, int]] = {}
        self.peak_leverage: dict[AccountId, tuple[int, int]] = {}
        self.capital: dict[AccountId, Capital] = {}
        self.price_range: list[tuple[int, int, int, int]] = []  # first, lowest, highest, last
        self.insurance: tuple[int, int, int] | None = None  # highest, lowest after it, last
        self._so_far = RunResult()
        self._began = time.perf_counter()
        self._health: dict[AccountId, int] = {}
        self._printed: set[int] = set()  # underlyings whose price is newer than the last sample
        self._running: dict[AccountId, Liquidation] = {}
        self._moment = self._stride = 0

    def applied(self, number: int, step: Step, outcome: Outcome, model: Model) -> None:
        """Notes the outcome of a step."""
        self.model = model
        if not self.samples:
            self.started_at = step.at  # a set-up before the first price is no part of the story
        self.ended_at = step.at
        self._so_far.steps = number
        self._so_far.actions[step.action] += 1
        for account in step.accounts():
            self.accounts.setdefault(account)
        if outcome.refusal:
            self._so_far.refusals[outcome.refusal.name] += 1
            seen = RefusalRow(number, step.at, step.action, str(outcome.refusal))
            self.first_refusals.setdefault(outcome.refusal.name, seen)
            return
        self._note_insurance(outcome.snapshot.globals.insurance_wad)
        for event in outcome.events:
            if note := _NOTES.get(event.name):
                note(self, number, step, event)
        self._touch(step)

    def compared(self, number: int, step: Step, model: Outcome, chain: Outcome) -> None:
        """Counts the steps compared; a difference is detected elsewhere."""
        self._so_far.compared = number - (model != chain)

    def result(self) -> RunResult:
        """The result so far, for a run that was interrupted; margins are not counted."""
        self._so_far.seconds = time.perf_counter() - self._began
        return self._so_far

    def book(self, account: AccountId, at: int) -> Book:
        """The book of an account at a time."""
        assert self.model is not None
        return valuation.book(self.model.vault.ledger, account, now=at)

    def _note_insurance(self, wad: int) -> None:
        highest, lowest, _ = self.insurance or (wad, wad, wad)
        self.insurance = (wad, wad, wad) if wad > highest else (highest, min(lowest, wad), wad)

    def _published(self, number: int, step: Step, event: Event) -> None:
        _, underlying, index, *_ = event.values
        ranges = self.price_range
        ranges.extend([(0, 0, 0, 0)] * (underlying + 1 - len(ranges)))
        first, lowest, highest, _ = ranges[underlying]
        ranges[underlying] = (first or index, min(lowest or index, index), max(highest, index), index)
        self._refresh(underlying, step)

    def _followed(self, number: int, step: Step, event: Event) -> None:
        self._refresh(event.values[1], step)

    def _refresh(self, underlying: int, step: Step) -> None:
        """Takes a sample after a new price of an underlying; of several at one moment the last stays."""
        self._printed.add(underlying)
        again = bool(self.samples) and self.samples[-1].at == step.at
        if not again:
            self._moment += 1
        if self._stride and self._moment % self._stride:
            return
        if again:
            self.samples.pop()
        self.samples.append(self._sample(step.at))
        self._thin()

    def _touch(self, step: Step) -> None:
        """Adds the accounts of a step to the sample of its moment, at the lowest health they had in it."""
        if not self.samples or not (named := step.accounts()):
            return
        last = self.samples[-1]
        self._value(named, step.at)
        if last.at != step.at:
            if not self._stride:
                self.samples.append(last._replace(at=step.at, health=dict(self._health)))
                self._thin()
            return
        for account in named:
            if account in self._health:
                now = self._health[account]
                last.health[account] = min(now, last.health.get(account, now))

    def _sample(self, at: int) -> Sample:
        """Health of the accounts now; only those that depend on a new price are valued again."""
        assert self.model is not None
        ledger = self.model.vault.ledger
        self._value([account for account in self.accounts if any(self._depends(account, i) for i in self._printed)], at)
        self._printed.clear()
        prices = tuple(ledger.prices[i].index for i in range(len(ledger.risks)))
        return Sample(at, prices, dict(self._health), ledger.cash.insurance_wad)

    def _depends(self, account: AccountId, underlying: int) -> bool:
        assert self.model is not None
        ledger = self.model.vault.ledger
        holder = ledger.holders[account]
        if not instruments(holder):
            return False
        held = {market.underlying_of(instrument) for instrument in instruments(holder)}
        if ledger.cash.terms.feed == underlying or underlying in held:
            return True
        return any(asset.underlying == underlying and holder.balances[i] for i, asset in enumerate(ledger.assets))

    def _value(self, accounts: Sequence[AccountId], at: int) -> None:
        assert self.model is not None
        for account in accounts:
            if instruments(self.model.vault.ledger.holders[account]):
                self._health[account] = self._valued(account, at)
            else:
                self._health.pop(account, None)

    def _valued(self, account: AccountId, at: int) -> int:
        book = self.book(account, at)
        health, leverage = margin.health(book), margin.leverage(book)
        if account not in self.lowest_health or health < self.lowest_health[account][0]:
            self.lowest_health[account] = health, at
        if account not in self.peak_leverage or leverage > self.peak_leverage[account][0]:
            self.peak_leverage[account] = leverage, at
        self.capital.setdefault(account, Capital()).note(book, Level.INITIAL, at)
        return health

    def _thin(self) -> None:
        most = max(_LEAST_SAMPLES, min(_MOST_SAMPLES, _MOST_VALUES // max(1, len(self.accounts))))
        if len(self.samples) <= 2 * most:
            return
        pairs = zip(self.samples[::2], self.samples[1::2], strict=False)
        odd = self.samples[len(self.samples) & ~1 :]
        self.samples = [merged(*pair) for pair in pairs] + odd
        self._stride = 2 * max(1, self._stride)

    def _started(self, number: int, step: Step, event: Event) -> None:
        assert self.model is not None
        account = event.values[1]
        if account in self._running:
            self._restarted(number, step, event)
            return
        health = self._valued(account, step.at)
        metrics = self.model.metrics([account], step.at)[0]
        image = self.model.snapshot([account]).accounts[0].image
        begun = Liquidation(
            number, step.at, account, metrics.equity_wad, metrics.maintenance_equity_wad,
            metrics.maintenance_requirement_wad, health, image, self._cause(account, step.at),
        )  # fmt: skip
        begun.insolvent_at = step.at if metrics.equity_wad <= 0 else None
        self.liquidations.append(begun)
        self._running[account] = begun

    def _cause(self, account: AccountId, at: int) -> LargestLoss | None:
        assert self.model is not None
        ledger = self.model.vault.ledger
        found = []
        for instrument in instruments(ledger.holders[account]):
            position = entry(ledger.holders[account], instrument)
            mark_wad, loss_wad = mark(self.model, instrument, at), value(self.model, account, instrument, at)
            entry_wad = fixed.mul_div_down(abs(position.quote), fixed.WAD, abs(position.size))
            if loss_wad < 0:
                found.append(LargestLoss(instrument, position.size, entry_wad, mark_wad, loss_wad))
        return min(found, key=lambda cause: cause.loss_wad, default=None)

    def _declared(self, number: int, step: Step, event: Event) -> None:
        self._running[event.values[1]].insolvent_at = step.at

    def _bought(self, number: int, step: Step, event: Event) -> None:
        assert self.model is not None
        _, account, bidder, _, _, deal, *_ = event.values
        auction = self._running[account]
        taken_wad, cost_wad, ended = deal[0], deal[1], deal[-1]
        insolvent = auction.insolvent_at is not None
        terms = self.model.vault.ledger.terms
        discount = (
            0 if insolvent else liquidation.discount(terms, step.at - self.model.vault.ledger.sales[account].clock_at)
        )
        auction.purchases.append(AcceptedBid(number, step.at, bidder, taken_wad, cost_wad, discount, insolvent))
        if ended:
            self._end(account, step.at, "sold")

    def _restarted(self, number: int, step: Step, event: Event) -> None:
        self._running[event.values[1]].insolvent_at = None

    def _restored(self, number: int, step: Step, event: Event) -> None:
        self._end(event.values[1], step.at, "margin restored")

    def _end(self, account: AccountId, at: int, by: str) -> None:
        auction = self._running.pop(account)
        auction.ended_at, auction.ended_by = at, by


_NOTES = {
    "PricePublished": RunWatch._published,
    "ForwardPublished": RunWatch._followed,
    "SurfacePublished": RunWatch._followed,
    "LiquidationStarted": RunWatch._started,
    "LiquidationRestarted": RunWatch._restarted,
    "InsolvencyDeclared": RunWatch._declared,
    "Bid": RunWatch._bought,
    "LiquidationEnded": RunWatch._restored,
}
