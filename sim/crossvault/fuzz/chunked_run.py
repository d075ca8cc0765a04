"""The loop of a search on a node: the model is ahead by up to a chunk of steps, which one request then executes.

It finds what the loop finds that compares at once: the same step, the same differences.
"""

from __future__ import annotations

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.evm.chain import CHUNK
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import is_in_process
from crossvault.fuzz.inprocess_run import InProcessRun
from crossvault.fuzz.reach import ReachCounts
from crossvault.lockstep.chunk_comparison import NO_VIEWS, AheadStep, chunk_answers
from crossvault.lockstep.run import InvariantChecker


class ChunkedRun(InProcessRun):
    """A model and a chain side that executes steps in chunks. A difference raises Diverged for its step, later."""

    def __init__(
        self,
        model: Model,
        side: InProcessChain,
        guard: InvariantChecker | None = None,
        every: int = 1,
        reach: ReachCounts | None = None,
    ) -> None:
        super().__init__(model, side, guard, every, reach)
        self._ahead: list[tuple[int, AheadStep]] = []  # numbered
        self._compared: int | None = None

    @property
    def reached(self) -> int:
        """The number of the step that is played, or compared."""
        return self.result.steps if self._compared is None else self._compared

    def settle(self) -> None:
        """Compares the steps that the chain has not executed yet. Raises Diverged, EnginesDisagree."""
        ahead, self._ahead = self._ahead, []
        if not ahead:
            return
        answered = chunk_answers(self.side, [each for _, each in ahead])
        for (number, each), answers in zip(ahead, answered, strict=True):
            self._compared = number
            self._compare(number, each, answers)
        self._compared = None

    def finish(self) -> None:
        """Compares what no step has shown: every account with its metrics, and the curves."""
        self.settle()
        super().finish()

    def _play(self, step: Step, outcome: Outcome) -> None:
        number, views = self.result.steps, NO_VIEWS
        call = self.side.transaction(step)
        if number % self.every == 0:
            views = self._noted(step)
        self._ahead.append((number, AheadStep(step, call, outcome, views)))
        if number % CHUNK == 0:
            self.settle()


def search_run(
    model: Model,
    side: InProcessChain,
    guard: InvariantChecker | None = None,
    every: int = 1,
    reach: ReachCounts | None = None,
) -> InProcessRun:
    """Both sides of a search: step by step in this process, in chunks on a node."""
    kind = InProcessRun if is_in_process() else ChunkedRun
    return kind(model, side, guard, every, reach)
