"""Set pieces of a campaign: stories that reach much in little time, played before and between random walks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from crossvault import scenario
from crossvault.differential.drive import Relay, relayed
from crossvault.differential.step import Step, StepStream
from crossvault.differential.story import Story
from crossvault.evm.artifacts import Build
from crossvault.walks.bounds import BoundsWalk
from crossvault.walks.corners import CornerCases
from crossvault.walks.portfolio_mixes import PortfolioMixes
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.rare_doors import RareDoors

_BEFORE_BOUNDS = 250

SHIPPED = (
    "quickstart", "first-liquidation", "bad-debt", "funding-squeeze", "expiry-day", "covered-call", "calendar-spread",
    "portfolio-mode",
)  # fmt: skip
BOUNDS, CORNERS, LIMITS, DESKS, POINTS = "bounds", "corners", "limits", "desks", "points"


class SetPiece(NamedTuple):
    """A set piece: its story by seed, and the least and the most number of its steps."""

    story: Callable[[int, Build], Story]
    least: int
    most: int


def _shipped(name: str, seed: int, build: Build) -> Story:
    return scenario.load(name)


PIECES: Mapping[str, SetPiece] = {
    **{name: SetPiece(partial(_shipped, name), 20, 100) for name in SHIPPED},
    CORNERS: SetPiece(lambda seed, build: CornerCases(seed, 0, build).story(), 1_400, 3_000),
    BOUNDS: SetPiece(lambda seed, build: BoundsWalk(seed, _BEFORE_BOUNDS, build).story(), 900, 2_000),
    LIMITS: SetPiece(lambda seed, build: PositionLimits(seed, 0).story(), 250, 1_000),
    POINTS: SetPiece(lambda seed, build: RareDoors(seed).story(), 190, 600),
    DESKS: SetPiece(lambda seed, build: PortfolioMixes(seed, 0, build).story(), 500, 2_000),
}
OPENING = (*SHIPPED, POINTS, CORNERS, BOUNDS)  # about five seconds of a processor


def first(steps: StepStream, most: int) -> StepStream:
    """The first so many steps of a stream."""
    count = 0

    def counted(step: Step) -> Relay:
        nonlocal count
        outcome = yield step
        count += 1
        return outcome if count < most else None

    return relayed(steps, counted)
