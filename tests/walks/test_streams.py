"""Each move of a walk draws from a stream of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from crossvault.walks.streams import RandomStreams

STEPS = 500


class Named(Walk):
    """A walk that records which move wins each step, and what that move draws first."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, STEPS)
        self.won: dict[int, tuple[str, float]] = {}

    def _race(self, weights: Mapping[str, int], *key: object) -> str:
        name = super()._race(weights, *key)
        [number] = key
        if number in range(STEPS):  # not the race inside a batch, whose key is 64 bits
            self.won[int(str(number))] = name, self._stream(number, name).random()
        return name


class Widened(Named):
    """The same walk with one more kind of move, which changes nothing: it publishes what a stranger may not."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._moves = [(20, self._noise), *self._moves]

    def _noise(self, model: Model) -> Step:
        return doors.pause(self._at, "stranger")


def steps_of(walk: Walk | OrderWalk) -> list[Step]:
    """The steps of a walk, played on the model."""
    model = Model(walk.world)
    return [step for step, _ in driven(walk.steps(model), model.apply)]


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_a_further_move_changes_no_draw_of_the_others(seed: int) -> None:
    plain, widened = Named(seed), Widened(seed)
    steps_of(plain)
    steps_of(widened)
    others = {number: won for number, won in widened.won.items() if won[0] != "_noise"}
    compared = [number for number in others if number in plain.won]
    assert len(others) < len(widened.won) and len(compared) > 66
    assert [others[number] for number in compared] == [plain.won[number] for number in compared]


@pytest.mark.slow
@pytest.mark.parametrize("seed", (1, 2))
def test_a_seed_gives_the_same_walk(seed: int) -> None:
    assert steps_of(Walk(seed, STEPS)) == steps_of(Walk(seed, STEPS)) != steps_of(Walk(seed + 10, STEPS))
    assert steps_of(OrderWalk(seed, STEPS)) == steps_of(OrderWalk(seed, STEPS)) != steps_of(OrderWalk(seed + 10, STEPS))


def test_moves_win_as_often_as_they_weigh() -> None:
    """20,000 races: every share is within five standard errors of its weight."""
    weights, races = {"heavy": 50, "middle": 40, "light": 9, "rare": 1}, 20_000
    streams = RandomStreams(7)
    won = Counter(streams._race(weights, number) for number in range(races))
    for name, weight in weights.items():
        share = weight / 100
        assert abs(won[name] - races * share) < 5 * (races * share * (1 - share)) ** 0.5, name
