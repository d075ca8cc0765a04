"""The small inputs of the folder of cases that are about data files and presets, each with its right outcome."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import start
from crossvault.mirror.fixed import WAD
from crossvault.scenario import load, preset
from places import CASES
from small_scenarios import play, problems

INPUTS = CASES / "inputs"


def case(name: str) -> str:
    """A file of the folder; the test is skipped where there is none."""
    path = INPUTS / name
    if not path.is_file():
        pytest.skip(f"no cases in {INPUTS}")  # the project works without the folder
    return str(path)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "comma-unquoted",
            "comma-unquoted.csv:2: column 10: '5' is beyond the 9 columns of the header; a number with a",
        ),
        ("long-row", "long-row.csv:3: column 10: 'extra' is beyond the 9 columns of the header"),
        ("ms", "ms.csv:2: timestamp: '1704067200000' is in milliseconds: expected unix seconds, here 1704067200"),
    ],
)
def test_data_that_is_refused(name: str, problem: str) -> None:
    assert problems(case(f"{name}.scenario.yaml"))[0].startswith(f":10: prices.ETH.file: {problem}")


def test_a_byte_order_mark_plays() -> None:
    story = load(case("bom.scenario.yaml"))
    assert story.warnings == () and play(story)[1]


def test_a_gap_plays_with_a_warning() -> None:
    path = case("gap.scenario.yaml")
    story = load(path)
    assert play(story)[1]
    gap = "no bars from 2024-01-01T02:00:00Z to 2024-01-01T09:00:00Z (7 missing): the price before them holds"
    assert story.warnings == (f"{path}:10: prices.ETH.file: gap.csv: {gap}",)


def test_the_figures_of_a_mainnet_load() -> None:
    theirs, ours = preset.load(case("derive-mainnet.preset.yaml")), preset.load("derive")
    assert theirs.portfolio_risk is not None and ours.portfolio_risk is not None
    assert theirs.rules == ours.rules
    for group, values in theirs.portfolio_risk._asdict().items():
        mine = getattr(ours.portfolio_risk, group)
        if group == "rate":  # the bases of static discounts, 105 % and 95 %, are held at 100 %
            assert (values.long_base, values.short_base) == (105 * WAD // 100, 95 * WAD // 100)
            values = values._replace(long_base=WAD, short_base=WAD)
        assert mine == values, group


def test_shorts_far_out_of_the_money_by_derive() -> None:
    path = case("far-otm-shorts.portfolio.yaml")
    done = start("margin", path, "--method", "derive", "--json", folder=Path(path).parent)
    assert done.returncode == 0, done.stderr
    [found] = [each for each in json.loads(done.stdout)["methods"] if each["method"] == "derive"]
    assert abs(int(found["initial_requirement_wad"]) - 5_389_25 * WAD // 100) <= WAD // 200
