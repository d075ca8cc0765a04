"""The commands that play stories judge them: a mistake that both sides share ends them with the rule that it breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli import start
from code_planting import planted_mirror
from crossvault.differential.ending import FAILED
from places import TESTS
from planting import planted_folder

pytestmark = pytest.mark.slow

PLANT, RULE, STORY = "fund-pays-without-drawing", "V3", "bad-debt"


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The contracts with a mistake, while the mirror has it, too."""
    [case] = [each for each in yaml.safe_load((TESTS / "plants.yaml").read_text("utf8")) if each["id"] == PLANT]
    folder = tmp_path_factory.mktemp("planted") / "contracts"
    with planted_mirror(case):
        yield planted_folder(case, folder)


def test_a_run_is_judged(contracts: Path, tmp_path: Path) -> None:
    done = start("run", STORY, "--contracts", str(contracts), folder=tmp_path)
    assert done.returncode == FAILED and f"{RULE} " in done.stdout.replace(":", " "), done.stderr


def test_a_search_is_judged(contracts: Path, tmp_path: Path) -> None:
    done = start("fuzz", "--steps", "400", "-j", "1", "--contracts", str(contracts), "--json", folder=tmp_path)
    assert done.returncode == FAILED and f"{RULE}: " in str(json.loads(done.stdout)["finding"]), done.stdout
