"""Searches in several processes until the time is over: what they find is passed on at once."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crossvault.attack.attack_play import PlayCounts
from crossvault.attack.attack_search import AttackSearch, FoundAttack
from crossvault.attack.played_act import AlarmKey
from crossvault.setup.worker import begin_worker

_POLL_SECS = 0.2
_PATIENCE_SECS = 0.6  # a command has less than two seconds to end
_REPORT_PLAYS = 50  # plays between two messages of a process


class AttackPlan(NamedTuple):
    """The first seed, the number of processes, and the seconds that they search; plays: instead of a time, of each."""

    seed: int
    jobs: int
    secs: int
    plays: int | None = None


class _Progress(NamedTuple):
    """A message of a process: what is new or larger, its counts so far, and whether it has ended."""

    job: int
    found: list[FoundAttack]
    counts: PlayCounts
    markets: int
    cpu_secs: float
    is_last: bool


@dataclass(slots=True)
class AttackResult:
    """The result of a search: the largest reading of each alarm and circumstance, in the order of their discovery."""

    found: dict[AlarmKey, FoundAttack] = field(default_factory=dict)
    counts: PlayCounts = field(default_factory=PlayCounts)
    markets: int = 0
    cpu_secs: float = 0.0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def findings(self) -> list[FoundAttack]:
        """What the vault promises to withstand, and does not."""
        return [each for each in self.found.values() if not each.weakness]

    @property
    def stated(self) -> dict[str, FoundAttack]:
        """The largest reading of each stated weakness, by its name."""
        largest: dict[str, FoundAttack] = {}
        for each in self.found.values():
            if each.weakness and each.money_wad > (largest[each.weakness].money_wad if each.weakness in largest else 0):
                largest[each.weakness] = each
        return largest

    def take(self, each: FoundAttack) -> bool:
        """Takes in a reading, and returns whether it is the first of its kind."""
        known = self.found.get(each.key)
        if known is None or each.money_wad > known.money_wad:
            first = (each.plays, each.cpu_secs) if known is None else (known.plays, known.cpu_secs)
            self.found[each.key] = each._replace(plays=first[0], cpu_secs=first[1])
        return known is None


def search(
    plan: AttackPlan, tick: Callable[[int], None] = lambda secs: None, noted: Callable[[FoundAttack], None] = print
) -> AttackResult:
    """Searches from as many seeds as there are processes, until the time is over or the user interrupts.

    tick: called with the seconds so far; noted: called with the first of each kind that is found, at once.
    """
    context = multiprocessing.get_context("fork")
    messages: Any = context.Queue()
    stop = context.Event()
    began = time.monotonic()
    workers = [context.Process(target=_work, args=(plan, job, messages, stop), daemon=True) for job in range(plan.jobs)]
    for worker in workers:
        worker.start()
    result, last = AttackResult(), dict[int, _Progress]()
    patience = began + plan.secs + _POLL_SECS if plan.plays is None else float("inf")
    try:
        while sum(each.is_last for each in last.values()) < plan.jobs:
            _take(messages, last, result, noted)
            tick(int(time.monotonic() - began))
            if time.monotonic() > patience:
                stop.set()
            if not any(worker.is_alive() for worker in workers) and messages.empty():
                break
    except KeyboardInterrupt:
        result.interrupted = True
        stop.set()
        _take(messages, last, result, noted)
    _end(workers, _PATIENCE_SECS)
    for each in last.values():
        result.counts.add(each.counts)
        result.markets += each.markets
        result.cpu_secs += each.cpu_secs
    result.seconds = time.monotonic() - began
    return result


def _take(
    messages: Any, last: dict[int, _Progress], result: AttackResult, noted: Callable[[FoundAttack], None]
) -> None:
    """Takes in the messages that are there."""
    patience = _POLL_SECS
    while True:
        try:
            message: _Progress = messages.get(timeout=patience)
        except queue.Empty:
            return
        patience, last[message.job] = 0.01, message
        for each in message.found:
            if result.take(each):
                noted(each)


def _end(workers: list[Any], patience_secs: float) -> None:
    until = time.monotonic() + patience_secs
    for worker in workers:
        worker.join(max(0.01, until - time.monotonic()))
        if worker.is_alive():
            worker.kill()


def _work(plan: AttackPlan, job: int, messages: Any, stop: Any) -> None:
    """Searches in a process of its own."""
    begin_worker()
    found_by = AttackSearch(plan.seed + job)
    until = time.monotonic() + plan.secs
    found: list[FoundAttack] = []
    for new in found_by.run():
        found += new
        plays = found_by.counts.plays
        is_last = stop.is_set() or (plays >= plan.plays if plan.plays is not None else time.monotonic() > until)
        if new or is_last or plays % _REPORT_PLAYS == 0:
            messages.put(_Progress(job, found, found_by.counts, found_by.markets, found_by.cpu_secs, is_last))
            found = []
        if is_last:
            return
