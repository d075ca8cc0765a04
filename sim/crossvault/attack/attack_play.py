"""Plays genes in a drawn market on the model, with every alarm; what begins alike is not played twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log10
from typing import Any

from crossvault.agents import AgentContext
from crossvault.agents.liquidator import LIQUIDATOR as LIQUIDATOR_KIND
from crossvault.attack import market_opening as opening
from crossvault.attack.act_alarms import LEAST_WAD, OF_ACTS, PROFIT
from crossvault.attack.genes import Gene, Genes, chosen
from crossvault.attack.market_draw import MarketDraw
from crossvault.attack.market_opening import ALICE, BOB, BROKER, COALITION, LIQUIDATOR, MAKER
from crossvault.attack.moment_alarms import IDLE, idle_funding, locked, locked_by_dust, shielded
from crossvault.attack.moves import BATCH, MOVES, WAITS, MoveView
from crossvault.attack.played_act import AlarmReading, PlayedAct, SoldAccount
from crossvault.attack.price_path import FIRST_PRICES, START_AT, MarketEvent, events
from crossvault.attack.rewound_model import RewoundModel
from crossvault.attack.silent_time import silent_spans
from crossvault.attack.true_worth import TruePrices, coalition_of, equity, wallets, worths
from crossvault.differential import doors
from crossvault.differential.step import Event, Step
from crossvault.mirror import margin, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.standard import Level

_WATCHED = (ALICE, BOB, MAKER, *COALITION)
_MONEY_DOORS = frozenset({"deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "batch"})
_FAR = 9.0


@dataclass(slots=True)
class PlayState:
    """What a play knows at a place of its genes.

    gained_wad: profit so far; best_wad: its maximum. keep: the least share of its equity that an account of the
    coalition keeps at an own act. near and worth: the least buffer and equity by requirement of one of its accounts.
    shielded: moments at which a failing one could not be sold. lock: logarithm of cash locked by deficit. phase: of
    the auction of one of its accounts that is worth something. found: the largest reading of each alarm and
    circumstance with the number of steps until it. calls: those of a batch that is being made.
    """

    cursor: int = 0
    at: int = START_AT
    true_wad: TruePrices = field(default_factory=lambda: {0: FIRST_PRICES[0]})
    steps: int = 0
    gained_wad: int = 0
    best_wad: int = 0
    keep: float = 1.0
    near: float = _FAR
    worth: float = _FAR
    shielded: int = 0
    lock: float = 0.0
    phase: int = 0
    found: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    calls: list[Call] | None = None

    def copied(self) -> PlayState:
        """The same, to go on from here more than once."""
        return replace(self, found=dict(self.found), calls=None if self.calls is None else list(self.calls))


@dataclass(slots=True)
class PlayCounts:
    """How often plays used each move with effect, each door, and what they were refused."""

    plays: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    doors: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def add(self, other: PlayCounts) -> None:
        """Takes in other counts."""
        self.plays += other.plays
        for name in ("moves", "doors", "refusals", "events"):
            getattr(self, name).update(getattr(other, name))


class AttackPlay:
    """A market that was opened, in which genes are played again and again. steps: the accepted ones of the last."""

    def __init__(self, draw: MarketDraw, counts: PlayCounts | None = None) -> None:
        self.draw, self.counts = draw, counts or PlayCounts()
        self.counts.events.update(draw.labels())
        self.model = RewoundModel(opening.world())
        self.opened = opening.opening_steps(draw)
        for step in self.opened:
            refusal, _ = self.model.execute(step)
            if refusal:
                raise AssertionError(f"the market of seed {draw.seed} does not open: {step.action}: {refusal}")
        self.events: Sequence[MarketEvent] = events(draw)
        self._silent = silent_spans(draw, self.events)
        context = AgentContext(LIQUIDATOR, MAKER, BROKER, _WATCHED, None)  # type: ignore[arg-type]
        settings = {setting.key: setting.default for setting in LIQUIDATOR_KIND.settings}
        self._liquidator = LIQUIDATOR_KIND.make(context, settings)
        self.state = PlayState()
        self.steps: list[Step] = []
        self._genes: list[Gene] = []
        self._failed: tuple[tuple[int, int], list[AccountId]] = (-1, 0), []
        self._places: list[tuple[int, PlayState]] = [(self.model.mark, self.state.copied())]

    def play(self, genes: Genes) -> PlayState:
        """Plays genes, and then what is left of the market."""
        self.counts.plays += 1
        self._rewind(genes)
        for gene in genes[len(self._genes) :]:
            self._gene(gene)
            self._genes.append(gene)
            self._places.append((self.model.mark, self.state.copied()))
        self._finish()
        return self.state

    def _rewind(self, genes: Genes) -> None:
        """Goes back to the last place that genes have in common with those before."""
        same = 0
        while same < min(len(genes), len(self._genes)) and genes[same] == self._genes[same]:
            same += 1
        del self._genes[same:], self._places[same + 1 :]
        mark, state = self._places[same]
        self.model.memory.back(mark)
        self.state = state.copied()
        del self.steps[state.steps :]

    def _gene(self, gene: Gene) -> None:
        if gene.move in WAITS:
            self._wait(gene)
            return
        if gene.move == BATCH:
            self.state.calls = []
            return
        step = MOVES[gene.move](MoveView(self.model, self.draw, self.state.at, self.state.true_wad), gene.numbers)
        if step is None:
            return
        if self.state.calls is not None and self.model.vault.is_batchable(step.action):
            self.state.calls.append(Call(step.action, step.args))
            if len(self.state.calls) < 2:
                return
            step, self.state.calls = doors.batch(self.state.at, opening.MATCHER, calls=tuple(self.state.calls)), None
        if self._execute(step, True):
            self.counts.moves[gene.move] += 1

    def _wait(self, gene: Gene) -> None:
        self.counts.moves[gene.move] += 1
        if gene.move == "wait":
            for _ in range(1 + int(5 * gene.numbers[0] ** 2)):
                self._next()
        elif gene.move == "wait until a change":
            moments = self._changes()
            if moments:
                self._until(moments[chosen(gene.numbers[0], moments)])
        else:
            failing = set(self._failing())
            while self._next() and not set(self._failing()) - failing:
                pass

    def _changes(self) -> list[int]:
        """The next moments at which something other than a price changes."""
        at, ledger = self.state.at, self.model.vault.ledger
        found = {each.at for each in self.events[self.state.cursor :] if each.name != "print"}
        for account in (*COALITION, ALICE, BOB):
            sale, terms = ledger.sales[account], ledger.terms
            if sale.insolvent_at:
                found.add(sale.insolvent_at + terms.insolvent_secs)
            elif sale.started_at:
                found |= {sale.started_at + terms.fast_secs, sale.started_at + terms.fast_secs + terms.slow_secs}
        return sorted(each for each in found if each > at)[:4]

    def _until(self, at: int) -> None:
        """Lets time pass until a moment, which need not be that of an event."""
        while self.state.cursor < len(self.events) and self.events[self.state.cursor].at <= at:
            self._next()
        if self.state.at < at:
            self._leave()
            self.state.at = at
            self._arrive()

    def _next(self) -> bool:
        """Lets time pass until the next event; returns whether there was one."""
        if self.state.cursor >= len(self.events):
            return False
        self._leave()
        event = self.events[self.state.cursor]
        self.state.cursor += 1
        self.counts.events[event.name] += 1
        self.state.at, self.state.true_wad = max(event.at, self.state.at), event.true_wad
        gained_wad = idle_funding(self.model, self.state.at)
        for step in event.steps:
            self._public(step)
        if gained_wad > LEAST_WAD:
            self._read(AlarmReading(IDLE, "funding of a dead feed", gained_wad))
        self._arrive()
        return True

    def _arrive(self) -> None:
        if self.draw.order == "liquidator first":
            self._liquidate()

    def _leave(self) -> None:
        if self.draw.order == "coalition first":
            self._liquidate()
        self._watch()

    def _finish(self) -> None:
        while any(self.model.vault.ledger.holders[account].instruments for account in COALITION) and self._next():
            pass
        self._leave()

    def _liquidate(self) -> None:
        """Lets the liquidator act where there is something to do for it."""
        ledger = self.model.vault.ledger
        is_busy = ledger.holders[LIQUIDATOR].instruments or any(ledger.sales[each].started_at for each in _WATCHED)
        if not is_busy and not self._failing():
            return
        acts = self._liquidator.act(self.model, self.state.at)
        step = next(acts, None)
        while step is not None:
            outcome: Any = self._answer(step)
            try:
                step = acts.send(outcome)
            except StopIteration:
                return

    def _answer(self, step: Step) -> Any:
        """Executes a step of the liquidator; it reads nothing of the outcome but the refusal."""
        refusal = None if self._execute(step, False) else self._refused
        return _Answer(refusal)

    def _failing(self) -> list[AccountId]:
        """The accounts that fail their maintenance margin requirement at the last prices."""
        ledger, at = self.model.vault.ledger, self.state.at
        key = self.model.memory.version, at
        if self._failed[0] == key:
            return self._failed[1]
        found = []
        for account in _WATCHED:
            holder = ledger.holders[account]
            if not holder.instruments and holder.principal >= 0:
                continue
            book = valuation.book(ledger, account, now=at)
            buffer_wad = margin.margin(book, Level.MAINTENANCE)
            if account in COALITION:
                required_wad = max(1, margin.requirement(book, Level.MAINTENANCE))
                self.state.near = min(self.state.near, buffer_wad / required_wad)
                self.state.worth = min(self.state.worth, margin.equity(book) / required_wad)
            if buffer_wad < 0:
                found.append(account)
        self._failed = key, found
        return found

    def _watch(self) -> None:
        """Reads the alarms of a moment."""
        at, state = self.state.at, self.state
        for _, reading in shielded(self.model, self._failing(), at):
            state.shielded += 1
            self._read(reading)
        if (lock := locked(self.model, at)) is not None:
            state.lock = max(state.lock, log10(max(1, lock.locked_wad) / lock.deficit_wad) + 1)
            if reading := locked_by_dust(lock):
                self._read(reading)
        state.phase = max(state.phase, self._phase())

    def _phase(self) -> int:
        """How far the auction of an account of the coalition is that is worth something: 4 is before the fund pays."""
        ledger, at = self.model.vault.ledger, self.state.at
        phases = [0]
        for account in COALITION:
            sale, terms = ledger.sales[account], ledger.terms
            if not sale.started_at or equity(self.model, account, at) <= 0:
                continue
            over = at - sale.started_at
            phases.append(
                4 if sale.insolvent_at else 1 + (over >= terms.fast_secs) + (over >= terms.fast_secs + terms.slow_secs)
            )
        return max(phases)

    def _public(self, step: Step) -> None:
        """Executes a step of the market, whose outcome is part of it."""
        self.model.execute(step)
        self._keep(step)

    def _keep(self, step: Step) -> None:
        self.steps.append(step)
        self.state.steps += 1

    def _execute(self, step: Step, is_own: bool) -> bool:
        """Executes an act, and reads the alarms of it; returns whether it was accepted."""
        own = coalition_of(step.accounts())
        state, model, at = self.state, self.model, step.at
        before = worths(model, own, state.true_wad, at)
        moves_money = step.action in _MONEY_DOORS and (own or is_own)
        wallets_wad = wallets(model, state.true_wad) if moves_money else 0
        sold = self._sold(step) if step.action == "bid" and (own or is_own) else None
        initial = self._initial(own) if model.vault.paused else 0
        refusal, events_ = model.execute(step)
        self._refused = refusal
        self.counts.doors[step.action] += refusal is None
        if refusal:
            if is_own:
                self.counts.refusals[refusal.name] += 1
            return False
        self._keep(step)
        if own or is_own:
            moved_wad = wallets(model, state.true_wad) - wallets_wad if moves_money else 0
            rise_wad = self._initial(own) - initial if model.vault.paused else 0
            after = worths(model, own, state.true_wad, at)
            self._note(PlayedAct(
                model, self.draw, step, [Event(*each) for each in events_], state.true_wad, is_own, before, after,
                moved_wad, rise_wad, sold,
            ))  # fmt: skip
        return True

    def _initial(self, own: Sequence[AccountId]) -> int:
        found = self.model.metrics(own, self.state.at)
        return sum(each.initial_requirement_wad for each in found)

    def _sold(self, step: Step) -> SoldAccount:
        account, state = step.args["account"], self.state
        sale = self.model.vault.ledger.sales[account]
        worth = worths(self.model, (account,), state.true_wad, step.at)[account]
        lost = sum(max(0, min(step.at, until) - max(sale.started_at, first)) for first, until in self._silent)
        return SoldAccount(sale.started_at, sale.insolvent_at, worth, lost)

    def _note(self, act: PlayedAct) -> None:
        for rule in OF_ACTS:
            for reading in rule.readings(act):
                if rule.name == PROFIT:
                    self._profit(reading)
                else:
                    self._read(reading)
        if act.is_own and act.step.action != "bid":
            for account, after in act.after.items():
                if (equity_wad := act.before[account].equity_wad) > LEAST_WAD:
                    self.state.keep = min(self.state.keep, after.equity_wad / equity_wad)

    def _profit(self, reading: AlarmReading) -> None:
        state = self.state
        state.gained_wad += reading.money_wad
        state.best_wad = max(state.best_wad, state.gained_wad)
        if reading.money_wad > LEAST_WAD and state.gained_wad > LEAST_WAD:
            self._read(reading._replace(money_wad=state.gained_wad))

    def _read(self, reading: AlarmReading) -> None:
        if reading.money_wad <= LEAST_WAD:
            return
        key = reading.alarm, reading.circumstance
        if reading.money_wad > self.state.found.get(key, (0, 0))[0]:
            self.state.found[key] = reading.money_wad, self.state.steps


@dataclass(slots=True)
class _Answer:
    """The outcome of a step, of which the liquidator reads the refusal only."""

    refusal: Any
