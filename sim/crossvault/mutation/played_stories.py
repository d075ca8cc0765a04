"""Stories that the mirror plays alone, with what the unchanged mirror does in them: what equal contracts would do."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import CodeType, FrameType
from typing import Any, NamedTuple

from crossvault.differential.compare import value_differences
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.judge.table import RULES
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mutation.kept_results import forget_results

VIEWS_EVERY = 5  # steps between views of the metrics of accounts
MOST_FULL = 100  # steps of a scenario in which each rule is checked at each step
SIDES = ("mutant", "original")

_FEW_UNITS, _FEW_PARTS = 1_000, 10**15  # roundings change so many units, or one part in so many
_LAST_VIEWS = ("metrics", "greeks", "scenarios")
Functions = frozenset[tuple[str, int]]
"""Functions by file and first line."""


class OutcomeChange(NamedTuple):
    """The first difference of a mutant in a story: the step and both values; is_small: as roundings differ."""

    story: str
    step: int
    what: str
    is_small: bool

    def __str__(self) -> str:
        return f"{self.story}, step {self.step}: {self.what}"


class StoryView(NamedTuple):
    """A view of an account after a step: its name, the account, and the value or refusal."""

    name: str
    account: AccountId
    value: Any


@dataclass
class PlayedStory:
    """A story as the unchanged mirror plays it.

    is_drawn: whether its steps are drawn from the state, and so change with it.
    views: of accounts after a step, by its number. functions: of the mirror that it calls. broken, failed: the rules
    (by number, each with how) and the expectation that fail without any change, and so prove nothing. seconds: of a
    judged play.
    """

    name: str
    make: Callable[[], Story]
    is_scenario: bool
    is_drawn: bool = False
    world: World | None = None
    steps: list[Step] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    views: dict[int, list[StoryView]] = field(default_factory=dict)
    functions: Functions = frozenset()
    broken: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    seconds: float = 0.0

    def record(self) -> None:
        """Plays the story by the unchanged mirror, with the rules and without them."""
        started = time.process_time()
        while broken := self._verdict(self.judge()):
            self.broken[broken.number] = str(broken)
        with CalledFunctions() as called:
            self._record_views()
        self.functions = called.functions
        self.seconds = time.process_time() - started

    def judge(self) -> Judge:
        """The rules around every step: all of them in a scenario, in a walk as a search checks them."""
        rules = [rule for rule in RULES if rule.number not in self.broken]
        return Judge(how="full" if self.is_scenario and len(self.steps) <= MOST_FULL else "default", rules=rules)

    def play(self, judge: Judge | None) -> None:
        """Plays the story, whose steps follow from the state. Raises BrokenInvariant, ExpectationFailed."""
        story = self.make()
        model = Model(story.world)
        for _ in driven(story.steps(model), lambda step: _applied(model, step, judge)):
            pass
        if judge:
            judge.finish()

    def replay(self, judge: Judge, first: int) -> None:
        """Plays the recorded steps, judged from the first one on that differs. Raises BrokenInvariant."""
        model, whole = self._model(), judge.rules
        for number, step in enumerate(self.steps, 1):
            judge.rules = whole if number >= first else ()
            _applied(model, step, judge)
        judge.finish()

    def changes(self) -> Iterator[OutcomeChange]:
        """Yields the differences from the record when its steps are played again."""
        model = self._model()
        for number, (step, expected) in enumerate(zip(self.steps, self.outcomes, strict=True), 1):
            outcome = model.apply(step)
            if outcome != expected:
                yield self._change(number, f"{step.action} by {step.sender}: ", outcome, expected)
            for view in self.views.get(number, ()):
                value = _viewed(model, view.name, view.account)
                if value != view.value:
                    yield self._change(number, f"{view.name} of {view.account}: ", value, view.value)

    def _verdict(self, judge: Judge) -> BrokenInvariant | None:
        """The rule that is broken; notes world, steps, outcomes and the expectation that fails."""
        story = self.make()
        self.world, self.steps, self.outcomes, self.failed = story.world, [], [], ""
        model = Model(story.world)
        try:
            for step, outcome in driven(story.steps(model), lambda step: _applied(model, step, judge)):
                self.steps.append(step)
                self.outcomes.append(outcome)
            judge.finish()
        except BrokenInvariant as wrong:
            return wrong
        except ExpectationFailed as wrong:
            self.failed = str(wrong)
        return None

    def _record_views(self) -> None:
        model = self._model()
        for number, step in enumerate(self.steps, 1):
            model.apply(step)
            if number == len(self.steps):
                seen = [(view, account) for account in model.vault.ledger.holders for view in _LAST_VIEWS]
            elif number % VIEWS_EVERY == 0:
                seen = [("metrics", account) for account in step.accounts()]
            else:
                continue
            self.views[number] = [StoryView(*each, _viewed(model, *each)) for each in seen]

    def _model(self) -> Model:
        assert self.world is not None, "a story is recorded first"
        return Model(self.world)

    def _change(self, number: int, what: str, found: Any, expected: Any) -> OutcomeChange:
        differences = value_differences("", found, expected)
        shown = str(replace(differences[0], sides=SIDES)).lstrip(".") if differences else "differs"
        return OutcomeChange(self.name, number, what + shown, is_small(found, expected))


class CalledFunctions:
    """Notes which functions of the mirror are called while it is entered."""

    def __enter__(self) -> CalledFunctions:
        self._codes: dict[int, CodeType] = {}
        forget_results()  # a result that is kept calls nothing
        sys.setprofile(self._note)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.setprofile(None)

    @property
    def functions(self) -> Functions:
        """The functions of the mirror that were called."""
        return frozenset(
            (code.co_filename, code.co_firstlineno) for code in self._codes.values() if "/mirror/" in code.co_filename
        )

    def _note(self, frame: FrameType, event: str, value: object) -> None:
        if event == "call":
            self._codes[id(frame.f_code)] = frame.f_code


def is_small(found: Any, expected: Any) -> bool:
    """Whether two values differ only in numbers, and there only as roundings do."""
    if found == expected:
        return True
    if isinstance(found, bool) or isinstance(expected, bool):
        return False
    if isinstance(found, int) and isinstance(expected, int):
        return abs(found - expected) <= max(_FEW_UNITS, abs(expected) // _FEW_PARTS)
    if isinstance(found, Refusal) and isinstance(expected, Refusal):
        return found.name == expected.name and is_small(found.args, expected.args)
    if isinstance(found, tuple | list) and isinstance(expected, tuple | list) and len(found) == len(expected):
        return all(is_small(one, other) for one, other in zip(found, expected, strict=True))
    return False


def _applied(model: Model, step: Step, judge: Judge | None) -> Outcome:
    if judge is None:
        return model.apply(step)
    judge.before(step, model)
    outcome = model.apply(step)
    judge.after(step, outcome, model)
    return outcome


def _viewed(model: Model, view: str, account: AccountId) -> Any:
    try:
        return getattr(model.vault, view)(account, now=model.at)
    except Refusal as refused:
        return refused
