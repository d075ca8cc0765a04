"""Comparison with rival searchers on the same planted bugs: findings, times and counterexample sizes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from crossvault.bench import own_search
from crossvault.bench.planted import PlantedBug, PlantedBugResult, measured, planted
from crossvault.bench.small_bugs import SearcherUnavailable, SearchOutcome, SmallVaultBug, outcome_data
from crossvault.setup import toolchain

TEN = (
    "quote-rounds-down", "cap-ignored", "withdrawal-unchecked", "put-for-call", "last-instrument-lost",
    "flip-is-no-risk", "mode-set-unchecked", "auction-one-second-ahead", "deficit-unnoticed",
    "reserved-cash-sold-again",
)  # fmt: skip
"""From shallow to deep: a trade, a deposit, a withdrawal, an option; then what needs three specific steps or more."""

HYPOTHESIS, FORGE, WAKE = "Hypothesis", "forge", "Wake"

Report = Callable[[str], None]


@dataclass
class RivalComparison:
    """The measurements so far; seconds: the time limit of every search."""

    seconds: int
    seed: int = 0
    ours: dict[str, PlantedBugResult] = field(default_factory=dict)
    hypothesis: dict[str, Any] = field(default_factory=dict)
    ways: list[SearchOutcome] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    def document(self) -> dict[str, Any]:
        """The comparison as a JSON document."""
        found = {name: each._asdict() for name, each in self.hypothesis.items()}
        bugs = [{"bug": name, "ours": row._asdict(), HYPOTHESIS: found.get(name)} for name, row in self.ours.items()]
        return {
            "benchmark": "rivals",
            "machine": f"{os.cpu_count()} processors",
            "versions": self.versions,
            "seconds_each": self.seconds,
            "seed": self.seed,
            "bugs": bugs,
            "small_vault": [outcome_data(way) for way in self.ways],
            "not_available": self.missing,
            "interrupted": self.interrupted,
        }


class Rival(Protocol):
    """A searcher on the small vault."""

    def version(self) -> str: ...

    def search(self, bug: SmallVaultBug, seed: int) -> SearchOutcome: ...


OpenRival = Callable[[], AbstractContextManager[Rival]]


def compare(
    cases: Sequence[PlantedBug], bugs: Sequence[SmallVaultBug], found: RivalComparison, note: Report = lambda what: None
) -> None:
    """Fills in a comparison; Ctrl-C ends it early. Raises ToolchainMissing, BadCase."""
    found.versions |= toolchain.versions() | {"pyrevm": version("pyrevm")}
    try:
        for case in cases:
            note(case.id)
            [found.ours[case.id]] = measured([case], 1, seconds=found.seconds)
            _hypothesis(case, found)
        for bug in bugs:
            note(f"{bug.id} of the small vault")
            found.ways.append(own_search.search(bug, found.seconds, found.seed))
        for name, opened in _rivals(bugs, found.seconds) if bugs else ():
            note(name)
            _try(name, opened, bugs, found)
    except KeyboardInterrupt:
        found.interrupted = True


def _hypothesis(case: PlantedBug, found: RivalComparison) -> None:
    if HYPOTHESIS in found.missing:
        return
    try:
        from crossvault.bench.hypothesis_rules import search
    except ImportError as missing:
        found.missing[HYPOTHESIS] = f"{missing}; install the package `hypothesis`"
        return
    found.versions[HYPOTHESIS] = version("hypothesis")
    found.hypothesis[case.id] = search(planted(case), found.seconds, found.seed)


def _rivals(bugs: Sequence[SmallVaultBug], seconds: int) -> Iterator[tuple[str, OpenRival]]:
    from crossvault.bench.forge import Forge
    from crossvault.bench.wake import Wake

    yield FORGE, lambda: Forge(bugs, seconds)
    yield WAKE, lambda: Wake(bugs, seconds)


def _try(
    name: str,
    opened: OpenRival,
    bugs: Sequence[SmallVaultBug],
    found: RivalComparison,
) -> None:
    """Runs a rival on each bug, or records why it is unavailable."""
    try:
        with opened() as rival:
            found.versions[name] = rival.version()
            for bug in bugs:
                found.ways.append(rival.search(bug, found.seed))
    except SearcherUnavailable as why:
        found.missing[name] = str(why)
