"""An audit reports a contract with one wrong rounding at the first block where the rounding matters."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from audits import AuditedVault, Played, by_time, played, words
from crossvault.__main__ import main
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.differential.step import DOORS, EXCHANGE_DOORS, Step, World, named
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.setup.toolchain import contracts_dir
from places import TESTS

BROKEN = {each["id"]: each for each in yaml.safe_load((TESTS / "broken.yaml").read_text("utf8"))}
# what differs first: stored state, the effect of a bid, a value that only a view returns
ROUNDED = {"supply-rounds-up": "supply_index", "part-takes-more": "", "health-rounds-up": "health_wad",
           "quote-rounds-down": ""}  # fmt: skip
OFTEN = "quote-rounds-down"  # few files depend on it; a campaign plays all
STEPS = 900


@pytest.fixture
def build(name: str, tmp_path: Path) -> Build:
    """The contracts with one rounding reversed."""
    case: dict[str, Any] = BROKEN[name]
    text = (contracts_dir() / case["file"]).read_text("utf8")
    assert text.count(case["was"]) == 1
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / case["file"]).write_text(text.replace(case["was"], case["becomes"]), "utf8")
    return compile_contracts(folder)


@pytest.fixture(scope="module")
def story() -> Played:
    return played("steps", 0, STEPS)


def first_that_matters(world: World, build: Build, groups: Sequence[Sequence[Step]]) -> tuple[int, str]:
    """The first group of steps after which a compared value differs between the builds, and which value.

    Both builds run in process. Steps that the changed contracts refuse are not sent to the original ones.
    """
    theirs, ours = InProcessChain(world, build), InProcessChain(world, compile_contracts())
    for place, group in enumerate(groups):
        accepted = []
        for step in group:
            outcome = theirs.apply(step)
            if outcome.refusal is None:
                accepted.append(step)
                other = ours.apply(step)
                if step.action in (*DOORS, *EXCHANGE_DOORS) and (None, outcome.events) != (other.refusal, other.events):
                    return place, step.action
        accounts = named([step for step in accepted if step.action in DOORS])
        at = group[-1].at
        if theirs.snapshot(accounts) != ours.snapshot(accounts):
            return place, "snapshot"
        if accounts and theirs.metrics(accounts, at) != ours.metrics(accounts, at):
            return place, "metrics"
    raise AssertionError("the builds never differ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=() if each == OFTEN else pytest.mark.campaign) for each in ROUNDED]
)
def test_a_rounding_is_caught_at_the_block_where_it_first_matters(
    name: str, build: Build, story: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = list(by_time(story.steps))
    place, _ = first_that_matters(story.world, build, groups)
    node = AuditedVault(story.world, build)
    try:
        numbers = [node.mine(group)[-1] for group in groups]
        replica = node.replica()
        with pytest.raises(BlockDiffers) as found:
            replica.catch_up()
        assert found.value.block.number == numbers[place]
        assert any(each.field.endswith(ROUNDED[name]) and each.wei in (1, -1) for each in found.value.found)
        assert replica.block.number == numbers[place] - 1 and replica.counts.steps < found.value.number
        print(f"{name}: block {numbers[place]} of {numbers[-1]}, step {found.value.number}: {found.value.found[0]}")
        code = main(words(node.url, node.vault, tmp_path / "kept.jsonl"))
        output = capsys.readouterr().out
    finally:
        node.close()
    assert code == 1 and f"DIFFERENCE in block {numbers[place]:,}" in output
    assert found.value.seen and f"transaction {found.value.seen.transaction}" in output
    assert "chain less model" in output and "to see it again:" in output
