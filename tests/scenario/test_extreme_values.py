"""Shipped files with one value replaced by an extreme: played, or refused with file, line and field; never a defect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import yaml

from crossvault.differential.drive import driven
from crossvault.differential.ending import Ending
from crossvault.differential.model import Model
from crossvault.differential.story import ExpectationFailed
from crossvault.portfolio import portfolio_file
from crossvault.portfolio.vault_setup import VaultSetup, world
from crossvault.scenario import load, preset
from places import ROOT
from profiles import source

PACKAGE = ROOT / "sim" / "crossvault"
HEAVY = ("black-thursday-data",)  # its bars are not in the clone
STEPS, SHARE = 300, 40
QUANTITY = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?(\s*[A-Za-z%][A-Za-z0-9.%-]*)")
SPAN = re.compile(r"\+?(?:[0-9]+\s*[a-z]+\s*)+")
NUMBERS = ("0", "-1", "9" * 49, "1000", "0.000001", "79228162514", "99999999999")


class Replacement(NamedTuple):
    """A value of a file, from one place of its text to another, and what replaces it."""

    file: Path
    first: int
    end: int
    text: str


def values(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """The values in a YAML node, without the names of fields."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from values(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from values(item)


def extremes(node: yaml.ScalarNode) -> list[str]:
    """What may replace a value: other numbers of its unit, other durations, other whole numbers."""
    if node.tag.endswith(":int"):
        return ["0", str(10**30), str(10**90)]
    if found := QUANTITY.fullmatch(node.value):
        return [f"'{number}{found[1]}'" for number in NUMBERS]
    return ["0s", "3650d"] if SPAN.fullmatch(node.value) and not node.value.startswith("+") else []


def replacements(folder: str, ending: str) -> list[Replacement]:
    """All replacements in the shipped files of a folder."""
    return [
        Replacement(path, node.start_mark.index, node.end_mark.index, text)
        for path in sorted((PACKAGE / folder).glob(f"*{ending}"))
        if not path.name.startswith(HEAVY)
        for node in values(yaml.compose(path.read_text(encoding="utf8"), Loader=yaml.SafeLoader))
        for text in extremes(node)
    ]


def play_story(path: str) -> None:
    story = load(path)
    model = Model(story.world)
    for count, _ in enumerate(driven(story.steps(model), model.apply)):
        if count > STEPS:
            return


def set_up_portfolio(path: str) -> None:
    held = portfolio_file.load(path)
    model = Model(world(held))
    VaultSetup(held, model, model.apply).set_up(preset.load("crossvault"))


KINDS = {
    "scenarios": (".scenario.yaml", play_story), "portfolios": (".yaml", set_up_portfolio),
    "presets": (".yaml", preset.load),
}  # fmt: skip


@pytest.mark.campaign
@pytest.mark.parametrize("folder", KINDS)
def test_an_extreme_value_is_played_or_refused(tmp_path: Path, folder: str) -> None:
    ending, play = KINDS[folder]
    drawn = replacements(folder, ending)
    for each in Random(source(f"extremes {folder}")).sample(drawn, min(SHARE, len(drawn))):
        text, path = each.file.read_text(encoding="utf8"), tmp_path / f"extreme{ending}"
        path.write_text(text[: each.first] + each.text + text[each.end :], encoding="utf8")
        try:
            play(str(path))
        except Ending as refused:
            message = str(refused)
            assert re.match(rf"{re.escape(str(path))}:\d+: \S+.*: ", message), message
            assert isinstance(refused, ExpectationFailed) or "OutOfRange(" not in message, message
