"""The check can fail: every contract of tests/broken.yaml is caught by the walks that the shipped contracts pass."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from walks import orders, walk

from sim.run import Diverged
from sim.toolchain import contracts_dir

BROKEN: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "broken.yaml").read_text(encoding="utf8"))
SEEDS = range(6)
WALKS = {"steps": walk, "orders": orders}


def write_broken(case: dict[str, Any], directory: Path) -> Path:
    """A directory with the one changed file; what it lacks is ours."""
    text = (contracts_dir() / case["file"]).read_text(encoding="utf8")
    assert text.count(case["was"]) == 1, f"{case['id']}: {case['was']!r} must stand once in {case['file']}"
    directory.mkdir(exist_ok=True)
    (directory / case["file"]).write_text(text.replace(case["was"], case["becomes"]), encoding="utf8")
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["id"])
def test_broken_contract_is_caught(case: dict[str, Any], tmp_path: Path) -> None:
    contracts = write_broken(case, tmp_path / "contracts")
    for seed in SEEDS:
        failure = WALKS[case.get("walk", "steps")](seed, 2_000, contracts).failure
        if failure is not None:
            break
    assert isinstance(failure, Diverged), f"{case['id']} was not caught: {case['why']}"
    print(f"{case['id']}: {failure}")
    assert failure.number > 0 and failure.found[0].field
