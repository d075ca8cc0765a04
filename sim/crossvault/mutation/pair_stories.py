"""The stories that mutants of the mirror play: a fixed list, so that scores of different runs are comparable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from crossvault import scenario
from crossvault.differential.story import Story
from crossvault.evm.compiler import compile_contracts
from crossvault.mutation.played_stories import PlayedStory
from crossvault.scenario.source import ScenarioError
from crossvault.walks.bounds import BoundsWalk
from crossvault.walks.corners import CornerCases
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.portfolio_mixes import PortfolioMixes
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.random_walk import Walk
from crossvault.walks.rare_doors import RareDoors

STEPS, ORDERS, BEFORE_BOUNDS = 400, 200, 120
SEEDS = (2, 3)  # of walks


def pair_stories(files: Sequence[Path]) -> list[PlayedStory]:
    """The shipped scenarios and some of files, set pieces and walks, recorded; without those whose data is not here."""
    walks = [PlayedStory(make().name, make, False) for make in _set_pieces()]
    walks += [PlayedStory(f"walk-{seed}", partial(_walk, seed), False, is_drawn=True) for seed in SEEDS]
    found = [*_scenarios(files), *walks]
    for each in found:
        each.record()
    return found


def _scenarios(files: Sequence[Path]) -> Iterator[PlayedStory]:
    for name in (*scenario.names(), *map(str, sorted(files))):
        try:
            scenario.load(name)
        except ScenarioError:
            continue  # its prices are in a file that is not here
        yield PlayedStory(Path(name).name.removesuffix(".scenario.yaml"), partial(scenario.load, name), True)


def _set_pieces() -> Iterator[Callable[[], Story]]:
    build = compile_contracts()
    yield lambda: RareDoors(0).story()
    yield lambda: RareDoors(4).story()
    yield lambda: OrderWalk(1, ORDERS).story()
    yield lambda: PositionLimits(1, 0).story()
    yield lambda: PortfolioMixes(1, 0, build).story()
    yield lambda: BoundsWalk(1, BEFORE_BOUNDS, build).story()
    yield lambda: CornerCases(2, 0, build).story()


def _walk(seed: int) -> Story:
    return Walk(seed, STEPS).story()
