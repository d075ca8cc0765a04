"""The stories that every mutant is played: a fixed list, so that a score can be compared with the last one."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault import scenario
from crossvault.differential.story import Story
from crossvault.evm.compiler import Build
from crossvault.mutation.recordings import Recording, record
from crossvault.walks.bounds import Bounds
from crossvault.walks.corners import Corners
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.portfolio_mixes import PortfolioMixes
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.random_walk import Walk

STEPS, ORDERS, BEFORE_BOUNDS = 700, 400, 250
SEEDS = (2, 3, 5)  # of walks
BOUNDED = (1, 2)  # of walks that end at the edges
CROWDED = (1, 2)
CORNERED = (2, 3)
DESKS = (1, 2)

_SHIPPED = (
    "quickstart", "first-liquidation", "bad-debt", "funding-squeeze", "expiry-day", "covered-call", "calendar-spread",
    "portfolio-mode",
)  # fmt: skip


def reels(build: Build) -> list[Recording]:
    """The stories, played on the model and on a build of contracts. Raises Diverged where these differ already."""
    return [record(story, build) for story in stories(build)]


def stories(build: Build) -> Iterator[Story]:
    """Those that kill most in the least time come first."""
    walks = [Walk(seed, STEPS).story() for seed in SEEDS]
    bounds = [Bounds(seed, BEFORE_BOUNDS, build).story() for seed in BOUNDED]
    crowds = [PositionLimits(seed, 0).story() for seed in CROWDED]
    corners = [Corners(seed, 0, build).story() for seed in CORNERED]
    desks = [PortfolioMixes(seed, 0, build).story() for seed in DESKS]
    yield from (*bounds[:1], *corners, *crowds, *walks[:1], *desks, OrderWalk(1, ORDERS).story())
    yield from (scenario.load(name) for name in _SHIPPED)
    yield from (*bounds[1:], *walks[1:])
