"""What would have kept an account from being liquidated: cash, smaller positions, another method of margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from crossvault.history.counterfactual import BufferPath, Counterfactual, Measure, buffer_by, own_buffer
from crossvault.history.playhead import Playhead
from crossvault.history.recorded_account import RecordedAccount, RecordedLiquidation
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import to_wad
from crossvault.mirror.fixed import CAP
from crossvault.mirror.standard import Level
from crossvault.portfolio.account_methods import account_methods, open_instruments
from crossvault.portfolio.solver import LevelMargin, MarginCase, MarginMethod, own_method
from crossvault.portfolio.solver_search import edge, is_accepted
from crossvault.portfolio.turning_prices import TurningPrices, turning_prices

Tick = Callable[[int], None]


class CashNeed(NamedTuple):
    """The least cash that keeps an account alive [raw of the quote token], and the path with it.

    none: no amount that the vault takes is enough. short: the path with one raw unit less, where any is needed.
    """

    amount_raw: int | None
    path: BufferPath
    short: BufferPath | None = None


class ClosingPart(NamedTuple):
    """The least part of a position whose sale at the mark keeps an account alive [wad]; none: not even all of it.

    once_wad: at the moment; lasting_wad: to the end of the record as well.
    """

    instrument: int
    held_wad: int
    once_wad: int | None
    lasting_wad: int | None


class MethodAnswer(NamedTuple):
    """An account by a method: margin at the moment at both levels, and its path along the record and the cash it lacks.

    whole: from the first step that names it; cash: at the moment, to the end of the record; none where it is for sale.
    """

    method: MarginMethod
    initial: LevelMargin
    maintenance: LevelMargin
    whole: BufferPath
    cash: CashNeed | None


@dataclass(slots=True)
class WhatIf:
    """An account at a moment of a record, and what would have kept it alive; the playhead stands at the moment.

    at: time of the moment [unix seconds]; liquidation: the next one after it, or the one under way.
    prices: the liquidation prices at the moment, or those of safety.
    once, lasting: cash to pass maintenance at the moment, and to the end of the record; none where it is for sale.
    still: as lasting, without further steps of the account; none where that is no other amount.
    """

    recorded: RecordedAccount
    playhead: Playhead
    at: int
    own: MarginMethod
    liquidation: RecordedLiquidation | None
    is_for_sale: bool
    prices: TurningPrices
    once: CashNeed | None = None
    lasting: CashNeed | None = None
    still: CashNeed | None = None
    methods: list[MethodAnswer] = field(default_factory=list)
    reductions: list[ClosingPart] = field(default_factory=list)

    @property
    def account(self) -> AccountId:
        """The account."""
        return self.recorded.account

    @property
    def number(self) -> int:
        """The number of steps before the moment."""
        return self.playhead.number


def what_if(recorded: RecordedAccount, playhead: Playhead, at: int, tick: Tick = lambda count: None) -> WhatIf:
    """Answers for an account at the moment that a playhead has reached; `tick` counts the paths tried."""
    model, account = playhead.model, recorded.account
    trials = Counterfactual(playhead, account, at, recorded.refused)
    is_for_sale = model.vault.ledger.sales[account].started_at != 0
    found = WhatIf(
        recorded, playhead, at, own_method(model, account), _liquidation(recorded, playhead.number), is_for_sale,
        turning_prices(MarginCase(model, account, at, own_method(model, account))),
    )  # fmt: skip
    search = _TrialSearch(trials, tick)
    if not is_for_sale:
        found.once, found.lasting = search.cash_at_once(), search.cash(own_buffer(account))
        if found.lasting.path.changed:
            still = search.cash(own_buffer(account), is_still=True)
            found.still = None if still.amount_raw == found.lasting.amount_raw else still
        if found.lasting.amount_raw != 0:
            found.reductions = [search.reduction(each) for each in open_instruments(model.vault.ledger, account)]
    found.methods = _methods(found, search)
    return found


def _liquidation(recorded: RecordedAccount, number: int) -> RecordedLiquidation | None:
    """The liquidation under way after so many steps, or the next one."""
    for each in recorded.liquidations:
        if each.ended_number is None or each.ended_number > number:
            return each
    return None


def _methods(found: WhatIf, search: _TrialSearch) -> list[MethodAnswer]:
    model, account, own = found.playhead.model, found.account, found.own
    methods, changes = account_methods(model, account), _changes_mode(found)
    measures = {each.name: buffer_by(account, each) for each in methods}
    start = Playhead(found.recorded.record)
    start.move(found.recorded.first_number - 1)
    begun_at = start.steps[start.number].at
    whole = Counterfactual(start, account, begun_at).paths([], list(measures.values()))
    answers = []
    for method, path in zip(methods, whole, strict=True):
        case = MarginCase(model, account, found.at, method)
        is_own = method == own and not changes
        cash = None if found.is_for_sale else found.lasting if is_own else search.cash(measures[method.name])
        answers.append(MethodAnswer(method, case.margin(Level.INITIAL), case.margin(Level.MAINTENANCE), path, cash))
    return answers


def _changes_mode(found: WhatIf) -> bool:
    """Whether the account changes its mode after the moment."""
    steps = found.playhead.steps[found.playhead.number :]
    return any(step.action == "set_mode" and step.args["account"] == found.account for step in steps)


@dataclass(slots=True)
class _TrialSearch:
    trials: Counterfactual
    tick: Tick
    count: int = 0

    def cash(self, measure: Measure, is_still: bool = False) -> CashNeed:
        """Cash at the moment with which a buffer is nowhere below zero up to the end of the record."""
        return self._cash(lambda amount: self.trials.path(self.trials.deposit(amount), measure, is_still))

    def cash_at_once(self) -> CashNeed:
        """Cash with which the buffer is not below zero at the moment."""
        measure = own_buffer(self.trials.account)
        return self._cash(lambda amount: self.trials.at_once(self.trials.deposit(amount), measure))

    def reduction(self, instrument: int) -> ClosingPart:
        """The least parts of a position whose sale is enough."""
        trials, measure = self.trials, own_buffer(self.trials.account)
        held = trials.playhead.model.vault.ledger.holders[trials.account].positions[instrument].size
        once = self._least(lambda part: trials.at_once(trials.reduction(instrument, part), measure), abs(held))
        lasting = self._least(lambda part: trials.path(trials.reduction(instrument, part), measure), abs(held))
        return ClosingPart(instrument, held, once, lasting)

    def _cash(self, path: Callable[[int], BufferPath]) -> CashNeed:
        path = cache(path)
        unit_wad = to_wad(1, self.trials.playhead.model.vault.ledger.cash.decimals)
        lowest = path(0).lowest
        guess = 0 if lowest is None else -(lowest.buffer_wad // unit_wad)
        most = CAP // unit_wad
        amount = self._least(path, most, max(1, min(guess, most)))
        return CashNeed(amount, path(amount or 0), path(amount - 1) if amount else None)

    def _least(self, path: Callable[[int], BufferPath], most: int, guess: int | None = None) -> int | None:
        """The least amount of at most `most` with which no buffer is below zero; one less has one."""

        @cache
        def buffer(amount: int) -> int | None:
            self.count += 1
            self.tick(self.count)
            found = path(amount)
            if found.refusal is not None:
                return None
            return 0 if found.lowest is None else found.lowest.buffer_wad

        if is_accepted(buffer(0)):
            return 0
        enough = most if guess is None else guess
        while not is_accepted(buffer(enough)):
            if enough == most:
                return None
            enough = min(most, 2 * enough)
        return edge(buffer, enough, 0)
