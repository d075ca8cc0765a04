"""Small inputs that once showed a fault, each with its command, its exit code and the words of its message.

The folder is `inputs` of CROSSVAULT_CASES. A file of it that is not known here must at least be played, or refused by
its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from cli import start
from places import CASES

FOLDER = CASES / "inputs"


class CaseRow(NamedTuple):
    """A command with the names of files, its exit code, and words of its output."""

    command: str
    code: int
    words: tuple[str, ...]


ROWS = (
    CaseRow(
        "run skew-beyond-int64.scenario.yaml", 2,
        (":25: world.underlyings.ETH.portfolio.skew.linear base: '1000 %' is out of range: expected -900 % to 900 %",),
    ),
    CaseRow(
        "margin strangle --method skew-beyond-int64.preset.yaml --chain", 2,
        (":34: portfolio.skew.linear base: '1000 %' is out of range: expected -900 % to 900 %",),
    ),
    CaseRow(
        "run rate3.scenario.yaml", 2,
        (
            ":10: world.underlyings.ETH.initial margin: initial margin 1 % is below maintenance margin 5 %",
            ":11: world.underlyings.BTC.initial margin: initial margin 1 % is below maintenance margin 5 %",
        ),
    ),
    CaseRow(
        "margin p_strike0.yaml", 2,
        (":17: positions.ETH-20260327-0-C: strike 0 is out of range: expected more than 0",),
    ),
    CaseRow(
        "margin p_fwd.yaml", 2,
        (":8: prices.ETH.expiries.20260327.forward: 0 USD is out of range: expected more than 0 USD",),
    ),
    CaseRow("margin strangle --method derive-mainnet.preset.yaml", 0, ("mainnet-exact",)),
    CaseRow("margin far-otm-shorts.portfolio.yaml --method derive", 0, ("5,389.25",)),
    CaseRow("replay rec-headeronly.jsonl", 2, (":1: a record of no steps",)),
    CaseRow("shrink rec-headeronly.jsonl", 2, (":1: a record of no steps",)),
    CaseRow("replay rec-trunc-line.jsonl", 2, (":12: cut after step 11",)),
    CaseRow(
        "run comma-unquoted.scenario.yaml", 2,
        (":10: prices.ETH.file: comma-unquoted.csv:2: column 10: '5'", "write 201.5, not 201,5"),
    ),
    CaseRow("run long-row.scenario.yaml", 2, (":10: prices.ETH.file: long-row.csv:3: column 10: 'extra'",)),
    CaseRow("run ms.scenario.yaml", 2, (":10: prices.ETH.file: ms.csv:2: timestamp:", "milliseconds")),
    CaseRow("run gap.scenario.yaml", 0, (":10: prices.ETH.file: gap.csv: no bars from",)),
    CaseRow("run bom.scenario.yaml", 0, ()),
    CaseRow("run empty-utilisation.scenario.yaml", 0, ()),
    CaseRow("run year9999.scenario.yaml", 2, (":5: ends:", "the year 9999")),
)  # fmt: skip
KNOWN = {
    "bom.csv", "bom.scenario.yaml", "comma-unquoted.csv", "comma-unquoted.scenario.yaml", "derive-mainnet.preset.yaml",
    "empty-utilisation.scenario.yaml",
    "far-otm-shorts.portfolio.yaml", "gap.csv", "gap.scenario.yaml", "long-row.csv",
    "long-row.scenario.yaml", "ms.csv", "ms.scenario.yaml", "p_fwd.yaml", "p_strike0.yaml", "rate3.scenario.yaml",
    "rec-headeronly.jsonl", "rec-trunc-line.jsonl", "skew-beyond-int64.preset.yaml", "skew-beyond-int64.scenario.yaml",
    "year9999.scenario.yaml",
}  # fmt: skip
COMMANDS = {
    ".scenario.yaml": "run {} --no-record", ".preset.yaml": "margin strangle --method {}", ".jsonl": "replay {}",
    ".yaml": "margin {}",
}  # fmt: skip


def given() -> set[str]:
    """The files of the folder."""
    return {path.name for path in FOLDER.iterdir()} if FOLDER.is_dir() else set()


def stated() -> set[str]:
    """The files that a row names, or that are the data of a story that a row names."""
    words = {word for row in ROWS for word in row.command.split()}
    return words | {word.replace(".scenario.yaml", ".csv") for word in words}


def output_of(command: str, folder: Path) -> tuple[int, str]:
    """The exit code and the output of a command on files of the folder, in one line."""
    names = given()
    words = [str(FOLDER / word) if word in names else word for word in command.split()]
    ended = start(*words, *(["--no-record"] if words[0] == "run" and "--no-record" not in words else []), folder=folder)
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


@pytest.mark.parametrize("row", ROWS, ids=[row.command for row in ROWS])
def test_the_outcome_of_a_case(tmp_path: Path, row: CaseRow) -> None:
    if not given().intersection(row.command.split()):
        pytest.skip(f"no such file in {FOLDER}")  # the project works without the folder
    code, found = output_of(row.command, tmp_path)
    assert code == row.code, found
    for words in row.words:
        assert words in found, found


def test_every_known_case_has_a_row() -> None:
    assert KNOWN - stated() == set()


def test_other_files_are_played_or_refused_by_their_name(tmp_path: Path) -> None:
    for name in sorted(given() - stated()):
        command = next((COMMANDS[end] for end in COMMANDS if name.endswith(end)), None)
        if command is None:
            assert name.endswith(".csv"), f"{name}: no command is known for such a file"
            continue  # data of a story
        code, found = output_of(command.format(name), tmp_path)
        assert code in (0, 2) and "Traceback" not in found, f"{name}: {code}: {found}"
        assert code == 0 or name in found, found
