"""Three bugs in the small vault that ships as an example, and what every searcher's way to them is told as."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from crossvault.setup import toolchain

EXAMPLE = toolchain.PACKAGE / "conform" / "example"
GROUND = toolchain.PACKAGE / "bench" / "rivals" / "small"
VAULT = "PerpVault.sol"
SOURCES = ("PerpMargin.sol", VAULT)


class Planted(NamedTuple):
    """A bug: what was there (once), and what is there instead. id: a name that Solidity and Python folders can have."""

    id: str
    why: str
    was: str
    becomes: str


BUGS = (
    Planted(
        "withdrawal_unchecked",
        "cash leaves without a margin check",
        "cash[account] -= int256(_amount(amountRaw));\n        _requireInitial(account);",
        "cash[account] -= int256(_amount(amountRaw));",
    ),
    Planted(
        "last_instrument_lost",
        "closing a position drops another one from the list: three particular trades",
        "            list[i] = list[list.length - 1];\n",
        "",
    ),
    Planted(
        "quote_rounds_down",
        "the taker pays a wei too little",
        "int256 quote = _product(size, priceWad, Math.Rounding.Ceil);",
        "int256 quote = _product(size, priceWad, Math.Rounding.Floor);",
    ),
)


class SearchOutcome(NamedTuple):
    """What a searcher came to. secs: by the clock, to find and to shrink; processor_secs: of those, of the processor.

    calls: of the counterexample beside the set-up; digits: of its longest argument, but for zeros at the end (0: the
    searcher does not tell); note: whatever must be known of the figures.
    """

    tool: str
    bug: str
    found: bool
    secs: float
    processor_secs: float
    calls: int = 0
    digits: int = 0
    note: str = ""


class Unavailable(Exception):
    """A searcher that cannot be had here; the message says why, and how it is got."""


def plant(bug: Planted, folder: Path) -> None:
    """Writes the vault with a bug into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        text = (EXAMPLE / name).read_text(encoding="utf8")
        if name == VAULT:
            assert text.count(bug.was) == 1, f"{bug.id}: {bug.was!r} must stand once in {VAULT}"
            text = text.replace(bug.was, bug.becomes)
        (folder / name).write_text(text, encoding="utf8")


def ground(folder: Path, *names: str) -> None:
    """Puts some of what rivals start from beside a vault."""
    for name in names:
        shutil.copyfile(GROUND / name, folder / name)


def longest(values: Sequence[int]) -> int:
    """Digits of the longest of some numbers, but for zeros at the end."""
    return max((len(str(abs(value)).rstrip("0")) for value in values), default=0)


def told(way: SearchOutcome) -> Mapping[str, object]:
    """A way as JSON tells it."""
    return {**way._asdict(), "secs": round(way.secs, 2), "processor_secs": round(way.processor_secs, 2)}
