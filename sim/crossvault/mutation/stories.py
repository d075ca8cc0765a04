"""Stories of the mutation test: a fixed list, so that scores of different runs are comparable."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault import scenario
from crossvault.differential.story import Story
from crossvault.evm.artifacts import Build
from crossvault.mutation.recordings import Recording, record
from crossvault.walks.bounds import BoundsWalk
from crossvault.walks.corners import CornerCases
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.portfolio_mixes import PortfolioMixes
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.random_walk import Walk
from crossvault.walks.rare_doors import RareDoors

STEPS, ORDERS, BEFORE_BOUNDS = 700, 400, 250
SEEDS = (2, 3, 5)  # of walks
BOUNDED = (1, 2)  # of walks that end at parameter bounds
LIMITED = (1, 2)  # of walks to the caps of positions
CORNERED = (2, 3)
MIXES = (1, 2)
POINTS = (0, 4)  # a quote token of 6 and of 18 decimals

_SHIPPED = (
    "quickstart", "first-liquidation", "bad-debt", "funding-squeeze", "expiry-day", "covered-call", "calendar-spread",
    "portfolio-mode",
)  # fmt: skip


def recordings(build: Build) -> list[Recording]:
    """Records the stories on the model and a build. Raises Diverged where they differ."""
    return [record(story, build) for story in stories(build)]


def stories(build: Build) -> Iterator[Story]:
    """Yields the stories, the most effective per second first."""
    walks = [Walk(seed, STEPS).story() for seed in SEEDS]
    bounds = [BoundsWalk(seed, BEFORE_BOUNDS, build).story() for seed in BOUNDED]
    limits = [PositionLimits(seed, 0).story() for seed in LIMITED]
    corners = [CornerCases(seed, 0, build).story() for seed in CORNERED]
    mixes = [PortfolioMixes(seed, 0, build).story() for seed in MIXES]
    points = [RareDoors(seed).story() for seed in POINTS]
    yield from (*bounds[:1], *corners, *points, *limits, *walks[:1], *mixes, OrderWalk(1, ORDERS).story())
    yield from (scenario.load(name) for name in _SHIPPED)
    yield from (*bounds[1:], *walks[1:])
