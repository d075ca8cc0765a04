"""What would have kept an account from being liquidated: cash, smaller positions, another method of margin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from crossvault.history.counterfactual import BufferPath, Counterfactual, Measure, buffer_by, own_buffer
from crossvault.history.playhead import Playhead
from crossvault.history.recorded_account import RecordedAccount, RecordedLiquidation
from crossvault.mirror import account as accounts, fixed
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import to_wad
from crossvault.mirror.fixed import CAP, WAD
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
    instrument: none where an equal part of every position is closed, as a ratio.
    """

    instrument: int | None
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
            held = open_instruments(model.vault.ledger, account)
            found.reductions = [search.reduction(each) for each in held]
            if len(held) > 1:
                found.reductions.append(search.reduction_of_all(held))
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
    answers, guess = [], (found.lasting.amount_raw or 0) if found.lasting is not None else 0
    for method, path in zip(methods, whole, strict=True):
        case = MarginCase(model, account, found.at, method)
        is_own = method == own and not changes
        cash = found.lasting if is_own or found.lasting is None else search.cash(measures[method.name], guess=guess)
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

    def cash(self, measure: Measure, is_still: bool = False, guess: int = 0) -> CashNeed:
        """Cash at the moment with which a buffer is nowhere below zero up to the end of the record."""
        return self._cash(lambda amount: self.trials.path(self.trials.deposit(amount), measure, is_still), guess)

    def cash_at_once(self) -> CashNeed:
        """Cash with which the buffer is not below zero at the moment."""
        measure = own_buffer(self.trials.account)
        return self._cash(lambda amount: self.trials.at_once(self.trials.deposit(amount), measure))

    def reduction(self, instrument: int) -> ClosingPart:
        """The least parts of a position whose sale is enough."""
        held = accounts.entry(self.trials.playhead.model.vault.ledger.holders[self.trials.account], instrument).size
        return ClosingPart(instrument, held, *self._closing(lambda part: {instrument: part}, abs(held)))

    def reduction_of_all(self, instruments: Sequence[int]) -> ClosingPart:
        """The least equal part of every position whose sale is enough."""
        holder = self.trials.playhead.model.vault.ledger.holders[self.trials.account]
        sizes = {each: abs(accounts.entry(holder, each).size) for each in instruments}

        def parts(ratio_wad: int) -> dict[int, int]:
            return {each: fixed.mul_div_up(size, ratio_wad, WAD) for each, size in sizes.items()}

        return ClosingPart(None, WAD, *self._closing(parts, WAD))

    def _closing(self, parts: Callable[[int], Mapping[int, int]], most: int) -> tuple[int | None, int | None]:
        """The least parts that are enough at the moment, and to the end of the record."""
        trials, measure = self.trials, own_buffer(self.trials.account)
        once = self._least(lambda part: trials.at_once(trials.reduction(parts(part)), measure), most)
        if once is None:
            return None, None  # what fails at the moment fails on the way
        return once, self._least(lambda part: trials.path(trials.reduction(parts(part)), measure), most)

    def _cash(self, path: Callable[[int], BufferPath], guess: int = 0) -> CashNeed:
        """The least cash on a path: each shortage is added until there is none."""
        path = cache(path)
        buffer = cache(lambda amount_raw: self._buffer(path(amount_raw)))
        unit_wad = to_wad(1, self.trials.playhead.model.vault.ledger.cash.decimals)
        most, short, amount = CAP // unit_wad, 0, guess
        if is_accepted(buffer(0)):
            return CashNeed(0, path(0))
        while not is_accepted(found := buffer(amount)):
            if amount == most:
                return CashNeed(None, path(0))
            short, amount = amount, min(most, 2 * amount + 1 if found is None else amount - found // unit_wad)
        if is_accepted(buffer(amount - 1)):
            amount = edge(buffer, amount - 1, short)
        return CashNeed(amount, path(amount), path(amount - 1))

    def _least(self, path: Callable[[int], BufferPath], most: int) -> int | None:
        """The least amount of at most `most` with which no buffer is below zero; one less has one."""
        buffer = cache(lambda amount: self._buffer(path(amount)))
        if is_accepted(buffer(0)):
            return 0
        return edge(buffer, most, 0) if is_accepted(buffer(most)) else None

    def _buffer(self, path: BufferPath) -> int | None:
        """The lowest buffer of a path; none where the vault refuses what it begins with."""
        self.count += 1
        self.tick(self.count)
        if path.refusal is not None:
            return None
        return 0 if path.lowest is None else path.lowest.buffer_wad
