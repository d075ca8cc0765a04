"""The commands that play stories judge them: a mistake that both sides share ends them with the rule that it breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli import start
from code_planting import planted_mirror
from crossvault.differential.drive import driven
from crossvault.differential.ending import FAILED
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.pieces import CORNERS, PIECES, POINTS
from crossvault.fuzz.task import WalkTask
from places import TESTS
from plant_search import NONE, Collector
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
    assert done.returncode == FAILED and f"{RULE}: " in done.stdout + done.stderr, done.stderr


def test_a_search_is_judged(contracts: Path, tmp_path: Path) -> None:
    done = start("fuzz", "--steps", "400", "-j", "1", "--contracts", str(contracts), "--json", folder=tmp_path)
    assert done.returncode == FAILED and f"{RULE}: " in str(json.loads(done.stdout)["finding"]), done.stdout


@pytest.mark.parametrize("kind", [CORNERS, POINTS])
def test_an_honest_set_piece_breaks_no_rule(kind: str) -> None:
    """Accounts that a refused call has touched, and that hold nothing, among them."""
    collector, story = Collector(NONE), WalkTask(kind, 1, PIECES[kind].most).story(compile_contracts())
    model = Model(story.world)

    def applied(step: Step) -> Outcome:
        collector.before(step, model)
        outcome = model.apply(step)
        collector.after(step, outcome, model)
        return outcome

    assert sum(1 for _ in driven(story.steps(model), applied)) > 200
    assert collector.fired == {}
