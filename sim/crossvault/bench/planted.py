"""The catalogue of planted bugs: search from several seeds and shrinking, with times and results."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Action, Step
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.fuzz.task import METRICS_EVERY, ORDERS, STEPS, WalkTask, noted
from crossvault.lockstep.run import Diverged
from crossvault.setup import toolchain
from crossvault.shrink.rewrite import leaves
from crossvault.shrink.shrinker import ShrinkResult, shrink

WALKS = 6  # from a seed on, before a bug counts as not found
LENGTH = 2_000
SHRINK_SECS = 30.0
_SET_UP = re.compile(r"mint|list_|set_feeder|set_operator|set_guardian|schedule_|enact_|open_expiry")
_FIRSTS: tuple[Action, ...] = ("deposit_cash", "publish_price", "publish_forward", "publish_surface")
STRIDE = 1_000  # between the walks of a seed and those of the next


class BadCase(ValueError):
    """An entry of the catalogue that cannot be planted."""


class PlantedBug(NamedTuple):
    """A planted bug: a file, the original text (which occurs once), its replacement, and the walk that finds it."""

    id: str
    file: str
    was: str
    becomes: str
    why: str
    walk: str = STEPS
    seed: int = 0


class PlantedBugResult(NamedTuple):
    """One bug from one seed. Seconds are of the processor; walks: how many it took, steps: those of all of them;
    moves: the calls of the minimum beyond a set-up."""

    id: str
    seed: int
    found: bool
    walks: int
    steps: int
    find_secs: float
    shrink_secs: float = 0.0
    calls: int = 0
    accounts: int = 0
    digits: int = 0
    finished: bool = False
    field: str = ""
    moves: int = 0


def cases(path: Path) -> list[PlantedBug]:
    """The catalogue in a file. Raises BadCase."""
    import yaml

    entries: list[Mapping[str, Any]] = yaml.safe_load(path.read_text(encoding="utf8"))
    wrong = [entry.get("id", "?") for entry in entries if set(entry) - set(PlantedBug._fields)]
    if wrong:
        raise BadCase(f"{path}: {wrong[0]}: expected {', '.join(PlantedBug._fields)}")
    return [PlantedBug(**entry) for entry in entries]


def planted(case: PlantedBug) -> Build:
    """Compiles the contracts with a bug. Raises BadCase, CompileFailed."""
    text = (toolchain.contracts_dir() / case.file).read_text(encoding="utf8")
    if text.count(case.was) != 1:
        raise BadCase(f"{case.id}: {case.was!r} must occur once in {case.file}")
    with TemporaryDirectory() as folder:
        (Path(folder) / case.file).write_text(text.replace(case.was, case.becomes), encoding="utf8")
        return compile_contracts(Path(folder))


def measured(
    chosen: Sequence[PlantedBug],
    seeds: int,
    tick: Callable[[int], None] = lambda done: None,
    seconds: float = SHRINK_SECS,
) -> Iterator[PlantedBugResult]:
    """Yields a row for each bug and seed; seconds: wall-clock limit of each shrinking."""
    compile_contracts()  # unchanged contracts are reused from this build
    done = 0
    for case in chosen:
        build = planted(case)
        for seed in range(seeds):
            yield _row(case, seed, build, seconds)
            done += 1
            tick(done)


def _row(case: PlantedBug, seed: int, build: Build, seconds: float) -> PlantedBugResult:
    began, played = time.process_time(), 0
    for walks in range(1, WALKS + 1):
        first = seed * STRIDE + (case.seed if walks == 1 else walks - 1)
        task = WalkTask(ORDERS if case.walk == "orders" else STEPS, first, LENGTH)
        steps: list[Step] = []
        story = noted(task.story(), steps)
        result = run_in_process(story, Model(story.world), InProcessChain(story.world, build), every=METRICS_EVERY)
        played += len(steps)
        if isinstance(result.failure, Diverged):
            found = time.process_time()
            opened = partial(InProcessChain, contracts=build)
            small = shrink(story.world, steps, seconds=seconds, failure=result.failure, opened=opened)
            return _shrunk(
                PlantedBugResult(case.id, seed, True, walks, played, found - began), small, time.process_time() - found
            )
    return PlantedBugResult(case.id, seed, False, WALKS, played, time.process_time() - began)


def _shrunk(row: PlantedBugResult, small: ShrinkResult, secs: float) -> PlantedBugResult:
    return row._replace(
        shrink_secs=secs,
        calls=len(small.steps),
        accounts=len(small.accounts),
        digits=digits(small.steps),
        finished=small.finished,
        field=small.finding.likeness.field,
        moves=moves(small.steps),
    )


def moves(steps: Sequence[Step]) -> int:
    """The number of steps beyond the set-up of listings, mints, first prices and first deposits."""
    seen: set[tuple[Any, ...]] = set()
    count = 0
    for place, step in enumerate(steps):
        first = step.action, *(step.args.get(name) for name in ("account", "underlying", "expiry"))
        is_first = step.action in _FIRSTS and first not in seen
        seen.add(first)
        count += place == len(steps) - 1 or not (is_first or _SET_UP.match(step.action))
    return count


def digits(steps: Sequence[Step]) -> int:
    """The most significant digits of a value in some steps, apart from names, times and instruments."""
    skipped = ("instrument", "expiry", "published_at", "expires_at", "chain_id")
    numbers = [value for step in steps for name, value in leaves(step) if name not in skipped]
    return max((len(str(abs(each)).rstrip("0")) for each in numbers if type(each) is int), default=0)
