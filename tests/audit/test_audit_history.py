"""An audit goes back to earlier states, and equals a longer history at every block."""

from random import Random
from typing import Any

import pytest

from audits import played
from crossvault.audit.undo_history import UndoHistory
from crossvault.bench.audit_speed import history
from crossvault.differential.model import Model
from crossvault.fuzz.task import WalkTask


def test_the_undo_history_restores_earlier_states() -> None:
    """Random rollbacks restore the state of that point, and replaying from there reaches the same states."""
    story, most = played("steps", 1, 150), 40
    model = Model(story.world, past := UndoHistory(most))
    accounts = sorted({account for step in story.steps for account in step.accounts()}, key=str)

    def state() -> tuple[Any, ...]:
        return model.snapshot(accounts), model.vault.parameters(), model.vault.curves()

    states, random, place = {0: state()}, Random(1), 0
    past.mark(0)
    went_back = floor = 0
    while place < len(story.steps):
        model.apply(story.steps[place])
        place += 1
        past.mark(place)
        assert states.setdefault(place, state()) == state()
        floor = max(floor, place - most)
        if random.random() < 0.05 and place > most:
            assert past.reaches(floor) and not (floor and past.reaches(floor - 1))
            place = random.randrange(floor, place)
            past.back(place)
            went_back += 1
            assert state() == states[place]
    assert went_back > 5 and states[0] != states[place]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "seed", "steps"),
    [
        pytest.param("steps", 11, 1_500, marks=pytest.mark.campaign),
        pytest.param("steps", 11, 400),
        pytest.param("orders", 7, 200),
    ],
)
def test_a_longer_history_is_equal_at_every_block(kind: str, seed: int, steps: int) -> None:
    """Audited while it is mined; `crossvault bench audit` does the same with ten thousand steps."""
    found = history(WalkTask(kind, seed, 4 * steps), steps)
    assert found["steps"] >= steps and found["blocks"] > steps // 10 and found["metrics_compared"] > steps // 10
