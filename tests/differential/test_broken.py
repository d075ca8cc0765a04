"""The comparison can fail: stories that the shipped contracts pass catch every contract of tests/broken.yaml.

A campaign plays all contracts in process, as mutants are: compiled together, against one recording of the model.
Every run compiles some as separate files and catches them on Anvil: mistakes of contracts on which few others depend,
which would be compiled, too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.lockstep.run import Diverged
from crossvault.mutation.mutant_run import kill_by
from crossvault.mutation.recordings import Recording, record
from crossvault.mutation.stories import stories
from crossvault.setup.toolchain import contracts_dir
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from places import TESTS
from planting import planted
from walks import orders, walk

BROKEN: list[dict[str, Any]] = yaml.safe_load((TESTS / "broken.yaml").read_text(encoding="utf8"))
SEEDS, STEPS = range(8), 2_000
WALKS = {"steps": walk, "orders": orders}
ON_ANVIL = ("quote-rounds-down", "auction-one-second-ahead", "fill-overwritten", "salt-not-signed")
CAUGHT: Counter[tuple[str, str]] = Counter()  # by file and story; by "" and story of all files


def write_broken(case: dict[str, Any], directory: Path) -> Path:
    """A directory with one changed file; all other contracts are ours."""
    text = (contracts_dir() / case["file"]).read_text(encoding="utf8")
    assert text.count(case["was"]) == 1, f"{case['id']}: {case['was']!r} must occur once in {case['file']}"
    directory.mkdir(exist_ok=True)
    (directory / case["file"]).write_text(text.replace(case["was"], case["becomes"]), encoding="utf8")
    return directory


@cache
def shipped() -> Build:
    return compile_contracts()


@cache
def short() -> Sequence[Recording]:
    """The stories that mutants are judged by, as recordings of the shipped contracts."""
    return [record(story, shipped()) for story in stories(shipped())]


@cache
def long(kind: str, seed: int) -> Recording:
    """A longer walk as a recording of the shipped contracts."""
    return record({"steps": Walk, "orders": OrderWalk}[kind](seed, STEPS).story(), shipped())


def longs(case: dict[str, Any]) -> Iterator[Recording]:
    """The walks of the case's own kind, from its own seed on."""
    first = case.get("seed", 0)
    yield from (long(case.get("walk", "steps"), seed) for seed in (*SEEDS[first:], *SEEDS[:first]))


def recordings(case: dict[str, Any]) -> Iterator[Recording]:
    """All recordings: those that caught most of the same file first, then most of all files; longer walks last."""
    yield from sorted(short(), key=lambda each: (-CAUGHT[case["file"], each.name], -CAUGHT["", each.name]))
    yield from longs(case)


@pytest.fixture(scope="module")
def builds() -> Mapping[str, tuple[Build, int]]:
    """The build of each case and its switch; with all switches off nothing is caught."""
    made = planted(BROKEN)
    for build in {id(each): each for each, switch in made.values() if switch}.values():
        assert not any(kill_by(build, 0, recording) for recording in short())
    return made


@pytest.mark.campaign
@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["id"])
def test_broken_contract_is_caught(case: dict[str, Any], builds: Mapping[str, tuple[Build, int]]) -> None:
    build, switch = builds[case["id"]]
    for recording in recordings(case):
        if found := kill_by(build, switch, recording):
            print(f"{case['id']}: {found.recording}: step {found.step} {found.how}")
            assert found.step > 0
            CAUGHT.update([(case["file"], recording.name), ("", recording.name)])
            return
    pytest.fail(f"{case['id']} was not caught: {case['why']}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_ANVIL)
def test_broken_contract_is_caught_on_anvil(name: str, tmp_path: Path) -> None:
    [case] = [each for each in BROKEN if each["id"] == name]
    contracts = write_broken(case, tmp_path / "contracts")
    first = case.get("seed", 0)
    for seed in (*SEEDS[first:], *SEEDS[:first]):
        failure = WALKS[case.get("walk", "steps")](seed, STEPS, contracts).failure
        if failure is not None:
            break
    assert isinstance(failure, Diverged), f"{case['id']} was not caught: {case['why']}"
    assert failure.number > 0 and failure.found[0].field
