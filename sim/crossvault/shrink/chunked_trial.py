"""A trial on a node: a candidate is executed in chunks, each in one request, from the last mark on.

It finds what the trial finds that compares at once: the same step, the same differences.
"""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.differential.compare import Difference
from crossvault.differential.step import Step, World
from crossvault.evm.chain import CHUNK
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import is_in_process
from crossvault.lockstep.chunk_comparison import (
    NO_VIEWS,
    AheadStep,
    AnswerComparison,
    ModelViews,
    chunk_answers,
    model_views,
)
from crossvault.shrink.replay import IMPOSSIBLE, ShrinkTrial, SideMark
from crossvault.shrink.trial import Divergence, DivergenceKey


class ChunkedTrial(ShrinkTrial):
    """A trial whose side executes up to a chunk of steps at once; it has marks where a chunk begins."""

    def __init__(self, world: World, side: InProcessChain, wanted: DivergenceKey | None = None) -> None:
        super().__init__(world, side, wanted)
        self._chain = side
        self._fields = side.event_fields()

    def _extended(self, steps: Sequence[Step], same: int, here: int | None, views_from: int) -> Divergence | None:
        for first in range(same, len(steps), CHUNK):
            mark = here if first == same and here is not None else self._chain.mark()
            ahead, impossible = self._prepared(steps, range(first, min(first + CHUNK, len(steps))), views_from)
            if self._differs(mark, ahead):
                return self._finding(len(self._side_path) - 1)
            if impossible:
                raise impossible
        return None

    def _prepared(
        self, steps: Sequence[Step], places: range, views_from: int
    ) -> tuple[list[AheadStep], Exception | None]:
        """The steps of a chunk up to one that is impossible, and its error: what differs before it comes first."""
        ahead: list[AheadStep] = []
        try:
            for place in places:
                ahead.append(self._ahead(steps, place, views_from))
        except IMPOSSIBLE as wrong:
            return ahead, wrong
        return ahead, None

    def _ahead(self, steps: Sequence[Step], place: int, views_from: int) -> AheadStep:
        """A step as the model has executed it, with the views that are compared after it."""
        step = steps[place]
        if place == len(self._model_path):
            self._advance(step)
        return AheadStep(
            step, self._chain.transaction(step), self._model_path[place].outcome, self._views(steps, place, views_from)
        )

    def _views(self, steps: Sequence[Step], place: int, views_from: int) -> ModelViews:
        accounts = self._viewed(steps, place, views_from)
        if accounts is None:
            return NO_VIEWS
        wanted = accounts if self._is_wanted("account.metrics") else ()
        return model_views(self.model, steps[place].at, wanted, self._is_wanted("curves"))

    def _differs(self, mark: int, ahead: Sequence[AheadStep]) -> bool:
        """Executes steps on the side and compares them up to the first that differs. mark: of the side before them."""
        if not ahead:
            return False
        for place, (each, answers) in enumerate(zip(ahead, chunk_answers(self._chain, ahead), strict=True)):
            found = _compared(AnswerComparison(self._chain, self._fields, each, answers))
            self.played += 1
            self._side_path.append(SideMark(each.step, None if place else mark, tuple(found)))
            if found:
                return True
        return False


def _compared(answers: AnswerComparison) -> list[Difference]:
    """The differences of an outcome, or of the metrics after it, or of the curves."""
    return answers.outcome() or [each for row in answers.metrics() for each in row.found] or answers.curves()


def shrink_trial(world: World, side: InProcessChain, wanted: DivergenceKey | None = None) -> ShrinkTrial:
    """A trial of the contracts: step by step in this process, in chunks on a node."""
    kind = ShrinkTrial if is_in_process() else ChunkedTrial
    return kind(world, side, wanted)
