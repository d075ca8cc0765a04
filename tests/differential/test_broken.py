"""The check can fail: every contract of tests/broken.yaml is caught by the walks that the shipped contracts pass.

They are compiled without the optimizer, which takes a third of the time and changes nothing that a walk can see.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from walks import orders, walk

from sim import compiler
from sim.anvil import Node
from sim.run import Diverged
from sim.toolchain import contracts_dir

BROKEN: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "broken.yaml").read_text(encoding="utf8"))
SEEDS = range(6)
WALKS = {"steps": walk, "orders": orders}


@pytest.fixture
def unoptimised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contracts as solc writes them at once, and nodes that take them however long they are."""
    start = Node._start

    def roomy(self: Node, starts_at: int, options: Sequence[str]) -> str:
        return start(self, starts_at, [*options, "--disable-code-size-limit"])

    monkeypatch.setattr(compiler, "SETTINGS", {**compiler.SETTINGS, "optimizer": {"enabled": False}})
    monkeypatch.setattr(Node, "_start", roomy)
    compiler.compile_contracts()  # what a broken file leaves as it is comes from this build


def write_broken(case: dict[str, Any], directory: Path) -> Path:
    """A directory with the one changed file; what it lacks is ours."""
    text = (contracts_dir() / case["file"]).read_text(encoding="utf8")
    assert text.count(case["was"]) == 1, f"{case['id']}: {case['was']!r} must stand once in {case['file']}"
    directory.mkdir(exist_ok=True)
    (directory / case["file"]).write_text(text.replace(case["was"], case["becomes"]), encoding="utf8")
    return directory


@pytest.mark.slow
@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["id"])
def test_broken_contract_is_caught(case: dict[str, Any], tmp_path: Path) -> None:
    contracts = write_broken(case, tmp_path / "contracts")
    first = case.get("seed", 0)
    for seed in (*SEEDS[first:], *SEEDS[:first]):
        failure = WALKS[case.get("walk", "steps")](seed, 2_000, contracts).failure
        if failure is not None:
            break
    assert isinstance(failure, Diverged), f"{case['id']} was not caught: {case['why']}"
    print(f"{case['id']}: seed {seed}: {failure}")
    assert failure.number > 0 and failure.found[0].field
