"""The judges of a mutant of the mirror, in the fork that has it: stories, published vectors, walks, laws.

A mutant that changes no outcome of any story is not judged. Each judge stops at its first kill.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import FunctionType

from crossvault.differential.ending import BadInput
from crossvault.differential.story import ExpectationFailed
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.mirror.refusal import Refusal
from crossvault.mutation.code_swap import MutantRefused, is_constant, put_in
from crossvault.mutation.forks import Send, limit
from crossvault.mutation.law_session import MirrorLaw
from crossvault.mutation.model_mutants import ModelMutant
from crossvault.mutation.played_stories import Functions, OutcomeChange, PlayedStory

RULES, EXPECTATIONS, VECTORS, LAWS = JUDGES = ("rules", "expectations", "vectors", "laws")
CHANGE, REFUSED, CRASHED, DONE = "change", "refused", "crashed", "done"

_LEAST_SECS, _TIMES = 2.0, 8.0  # of a processor: a unit of work has so many, or so many times what it takes unchanged


@dataclass
class PairJudges:
    """All that judges mutants: recorded stories, laws with published vectors, and the functions to be changed."""

    stories: Sequence[PlayedStory]
    laws: Sequence[MirrorLaw]
    functions: Sequence[FunctionType]

    def judge(self, mutant: ModelMutant, send: Send) -> None:
        """Judges a mutant in this process, which is changed by it for good."""
        try:
            put_in(mutant, self.functions)
        except MutantRefused as refused:
            send({REFUSED: str(refused)})
            return
        trial = _MutantTrial(self, mutant, send)
        try:
            trial.run()
            send({DONE: True})
        except Exception as wrong:  # of the mutant: a mistake of types, a division by zero, a recursion without end
            send({CRASHED: f"{type(wrong).__name__}: {wrong}"})

    def reached(self, mutant: ModelMutant) -> tuple[list[PlayedStory], list[MirrorLaw]]:
        """The stories and laws that call the function of a mutant, quickest first."""
        stories = [each for each in self.stories if _is_reached(mutant, each.functions)]
        laws = [each for each in self.laws if each.holds and _is_reached(mutant, each.functions)]
        return sorted(stories, key=lambda each: each.seconds), sorted(laws, key=lambda each: each.seconds)


class _MutantTrial:
    def __init__(self, judges: PairJudges, mutant: ModelMutant, send: Send) -> None:
        self.stories, self.laws = judges.reached(mutant)
        self.send = send
        self.kills: dict[str, str] = {}
        self._first: dict[str, OutcomeChange | None] = {}

    def run(self) -> None:
        if not self._is_changed():
            return
        self._play([each for each in self.stories if each.is_scenario])
        self._run_laws(VECTORS, [law for law in self.laws if law.is_vector])
        self._play([each for each in self.stories if not each.is_scenario])
        self._run_laws(LAWS, [law for law in self.laws if not law.is_vector])

    def _is_changed(self) -> bool:
        """Whether any outcome differs; sends the first difference, and then the first that is not small."""
        sent = False
        for story in self.stories:
            limit(_secs(story.seconds))
            for change in story.changes():
                self._first.setdefault(story.name, change)
                if not sent or not change.is_small:
                    self.send({CHANGE: str(change), "small": change.is_small})
                    sent = True
                if not change.is_small:
                    return True
            self._first.setdefault(story.name, None)
        return sent

    def _play(self, stories: Sequence[PlayedStory]) -> None:
        for story in stories:
            wanted = ({RULES, EXPECTATIONS} if story.is_scenario and not story.failed else {RULES}) - set(self.kills)
            if wanted and (first := self._first_change(story)):
                limit(_secs(story.seconds))
                found = _of_scenario(story, wanted) if story.is_scenario else _of_walk(story, first.step)
                for judge, how in found.items():
                    if judge in wanted:
                        self._kill(judge, f"{story.name}: {how}")

    def _first_change(self, story: PlayedStory) -> OutcomeChange | None:
        if story.name not in self._first:
            limit(_secs(story.seconds))
            self._first[story.name] = next(story.changes(), None)
        return self._first[story.name]

    def _run_laws(self, judge: str, laws: Sequence[MirrorLaw]) -> None:
        for law in laws:
            limit(_secs(law.seconds))
            if how := law.failure():
                return self._kill(judge, how)

    def _kill(self, judge: str, how: str) -> None:
        self.kills[judge] = how
        self.send({judge: how})


def _of_scenario(story: PlayedStory, wanted: Set[str]) -> Mapping[str, str]:
    """The rule that a scenario breaks, and the expectation that fails."""
    found = _ending(lambda: story.play(story.judge() if RULES in wanted else None))
    if RULES in found and EXPECTATIONS in wanted:
        return found | _ending(lambda: story.play(None))
    if EXPECTATIONS in found and RULES in wanted:  # the steps after the one that fails
        return found | _ending(lambda: story.replay(story.judge(), 1))
    return found


def _of_walk(story: PlayedStory, first: int) -> Mapping[str, str]:
    """The rule that a walk breaks by its recorded steps; of a random one also by those that follow from the state."""
    found = _ending(lambda: story.replay(story.judge(), first))
    return found or (_ending(lambda: story.play(story.judge())) if story.is_drawn else {})


def _ending(play: Callable[[], None]) -> dict[str, str]:
    """How a story ends early: by a rule or by an expectation."""
    try:
        play()
    except BrokenInvariant as wrong:
        return {RULES: str(wrong)}
    except (ExpectationFailed, BadInput) as wrong:  # or a file whose fields are no longer accepted
        return {EXPECTATIONS: str(wrong)}
    except (Refusal, ArithmeticError, LookupError, ValueError, TypeError, RuntimeError, AssertionError):
        pass  # what draws steps, or judges them, meets a state that no original has
    return {}


def _secs(seconds: float) -> float:
    return _LEAST_SECS + _TIMES * seconds


def _is_reached(mutant: ModelMutant, functions: Functions) -> bool:
    """Whether the function of a mutant is among some; a constant is part of all of them."""
    if is_constant(mutant):
        return True
    file, (first, last) = str(sys.modules[mutant.module].__file__), mutant.lines
    return any(each[0] == file and first <= each[1] <= last for each in functions)
