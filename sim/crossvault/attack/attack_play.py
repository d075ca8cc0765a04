"""Plays genes in a drawn market on the model, with every alarm; what begins alike is not played twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from crossvault.agents import AgentContext
from crossvault.agents.liquidator import LIQUIDATOR as LIQUIDATOR_KIND
from crossvault.attack import market_opening as opening
from crossvault.attack.alarm_reader import WATCHED, AlarmReader, PlayState
from crossvault.attack.genes import Gene, Genes, chosen
from crossvault.attack.market_draw import MarketDraw
from crossvault.attack.market_opening import ALICE, BOB, BROKER, COALITION, LIQUIDATOR, MAKER
from crossvault.attack.moves import BATCH, MOVES, WAITS, MoveView
from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.step import Outcome, Step
from crossvault.mirror import account as accounts
from crossvault.mirror.evm import Call

_AFTERWARDS = 6  # events after the last gene
_SETTINGS = {setting.key: setting.default for setting in LIQUIDATOR_KIND.settings}
_UNREAD: Any = None  # the liquidator reads nothing of an outcome but its refusal


class MarketClosed(Exception):
    """A drawn market does not open: a fault of its drawing."""


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


class AttackPlay(AlarmReader):
    """A market that was opened, in which genes are played again and again."""

    def __init__(self, draw: MarketDraw, counts: PlayCounts | None = None) -> None:
        super().__init__(draw)
        self.counts = counts or PlayCounts()
        self.counts.events.update(draw.labels())
        self.opened = opening.opening_steps(draw)
        for step in self.opened:
            refusal, _ = self.model.execute(step)
            if refusal:
                raise MarketClosed(f"the market of seed {draw.seed} does not open: {step.action}: {refusal}")
        self._genes: list[Gene] = []
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
        self.state = state.copied()
        self.model.back(mark, self.state.at)
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
        if (
            self.state.calls is not None
            and step.sender == opening.MATCHER
            and self.model.vault.is_batchable(step.action)
        ):
            self.state.calls.append(Call(step.action, step.args))
            if len(self.state.calls) < 2:
                return
            step, self.state.calls = doors.batch(self.state.at, opening.MATCHER, calls=tuple(self.state.calls)), None
        if self._act(step, True):
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
            failing = set(self.failing())
            while self._next() and not set(self.failing()) - failing:
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
        self.happen(event.at, event.steps, event.true_wad)
        self._arrive()
        return True

    def _arrive(self) -> None:
        if self.draw.order == "liquidator first":
            self._liquidate()

    def _leave(self) -> None:
        if self.draw.order == "coalition first":
            self._liquidate()
        self.watch()

    def _finish(self) -> None:
        """Lets some more events happen where the coalition has positions."""
        for _ in range(_AFTERWARDS):
            if not any(accounts.instruments(self.model.vault.ledger.holders[account]) for account in COALITION):
                break
            if not self._next():
                break
        self._leave()

    def _liquidate(self) -> None:
        """Lets the liquidator act where there is something to do for it."""
        ledger, failing = self.model.vault.ledger, self.failing()
        targets = [account for account in WATCHED if account in failing or ledger.sales[account].started_at]
        if not targets and not accounts.instruments(ledger.holders[LIQUIDATOR]):
            return
        context = AgentContext(LIQUIDATOR, MAKER, BROKER, targets, Random(0))
        acts = LIQUIDATOR_KIND.make(context, _SETTINGS).act(self.model, self.state.at)
        for _ in driven(acts, self._outcome):
            pass

    def _outcome(self, step: Step) -> Outcome:
        self._act(step, False)
        return Outcome(self.refused, (), _UNREAD)

    def _act(self, step: Step, is_own: bool) -> bool:
        """Executes an act, and counts it; returns whether it was accepted."""
        is_accepted = self.execute(step, is_own)
        self.counts.doors[step.action] += is_accepted
        if self.refused and is_own:
            self.counts.refusals[self.refused.name] += 1
        return is_accepted
