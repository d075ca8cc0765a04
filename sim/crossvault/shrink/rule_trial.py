"""Steps tried again and again on the model alone: what is looked for is a broken invariant, not a difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.differential.compare import Difference
from crossvault.differential.own_code import OwnCodeError
from crossvault.differential.step import Outcome, Step, World
from crossvault.judge.judge import FULL, Judge, JudgePlan
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.mirror.account import AccountId
from crossvault.shrink.replay import RewindingTrial
from crossvault.shrink.trial import DivergenceKey

RULE = "invariant"  # the field of a difference that is a broken rule begins with it


class _NoSide:
    """A side without contracts: only the model is played."""

    def __init__(self) -> None:
        self._marks = 0

    def mark(self) -> int:
        self._marks += 1
        return self._marks

    def back(self, mark: int) -> None:
        """Nothing: there is no state."""

    def close(self) -> None:
        """Nothing: there is no state."""


class _Checked(NamedTuple):
    """A step that was checked: the invariants after it, and the one that it broke."""

    guard: Judge
    broken: BrokenInvariant | None


class RuleTrial(RewindingTrial):
    """A trial of the model by its invariants, which go back with it."""

    def __init__(self, world: World, wanted: DivergenceKey | None = None, judge: JudgePlan = FULL) -> None:
        """judge: of every candidate. Raises OwnCodeError."""
        super().__init__(world, _NoSide(), wanted)
        self._judge = judge.judge()
        self._checked: list[_Checked] = []

    def _advance(self, step: Step) -> None:
        guard = self._checked[-1].guard.copied() if self._checked else self._judge.copied()
        guard.before(step, self.model)
        super()._advance(step)
        broken = None
        try:
            guard.after(step, self._model_path[-1].outcome, self.model)
        except BrokenInvariant as found:
            broken = found
        except OwnCodeError:
            pass  # the rule cannot judge this candidate, which is therefore not the finding
        self._checked.append(_Checked(guard, broken))

    def _rewind(self, steps: int) -> None:
        super()._rewind(steps)
        del self._checked[steps:]

    def _restart(self) -> None:
        super()._restart()
        self._checked.clear()

    def _play(self, step: Step, outcome: Outcome, accounts: Sequence[AccountId] | None) -> Sequence[Difference]:
        broken = self._checked[len(self._side_path)].broken
        return [broken_rule(broken)] if broken else []

    def _likeness(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
        refusal = outcome.refusal.name if outcome.refusal else ""
        return DivergenceKey(step.action, refusal, found[0].field)


def broken_rule(broken: BrokenInvariant) -> Difference:
    """A broken invariant in the form of a difference."""
    return Difference(f"{RULE} {broken.number}", broken.what, "holds", ("run", "rule"))
