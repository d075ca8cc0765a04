"""Three bugs in the example vault, and the result of a searcher on each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from crossvault.setup import toolchain

EXAMPLE = toolchain.PACKAGE / "conform" / "example"
GROUND = toolchain.PACKAGE / "bench" / "small_vault"
VAULT = "PerpVault.sol"
SOURCES = ("PerpMargin.sol", VAULT)


class SmallVaultBug(NamedTuple):
    """A bug: the original text (which occurs once) and its replacement. id: a valid folder name."""

    id: str
    why: str
    was: str
    becomes: str


BUGS = (
    SmallVaultBug(
        "withdrawal_unchecked",
        "cash leaves without a margin check",
        "cash[account] -= int256(_amount(amountRaw));\n        _requireInitial(account);",
        "cash[account] -= int256(_amount(amountRaw));",
    ),
    SmallVaultBug(
        "last_instrument_lost",
        "closing a position drops another one from the list: three particular trades",
        "            list[i] = list[list.length - 1];\n",
        "",
    ),
    SmallVaultBug(
        "quote_rounds_down",
        "the taker pays a wei too little",
        "int256 quote = _product(size, priceWad, Math.Rounding.Ceil);",
        "int256 quote = _product(size, priceWad, Math.Rounding.Floor);",
    ),
)


class SearchOutcome(NamedTuple):
    """Result of a searcher. secs: by the clock, to find and to shrink; processor_secs: of the processor.

    calls: of the counterexample without the set-up; digits: significant digits of its longest argument (0: not
    reported); note: remark on the figures.
    """

    tool: str
    bug: str
    found: bool
    secs: float
    processor_secs: float
    calls: int = 0
    digits: int = 0
    note: str = ""


class SearcherUnavailable(Exception):
    """A searcher that is unavailable here; the message states the reason and the remedy."""


def plant(bug: SmallVaultBug, folder: Path) -> None:
    """Writes the vault with a bug into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        text = (EXAMPLE / name).read_text(encoding="utf8")
        if name == VAULT:
            assert text.count(bug.was) == 1, f"{bug.id}: {bug.was!r} must occur once in {VAULT}"
            text = text.replace(bug.was, bug.becomes)
        (folder / name).write_text(text, encoding="utf8")


def ground(folder: Path, *names: str) -> None:
    """Copies rival harness files next to a vault."""
    for name in names:
        shutil.copyfile(GROUND / name, folder / name)


def longest(values: Sequence[int]) -> int:
    """The most significant digits of some numbers."""
    return max((len(str(abs(value)).rstrip("0")) for value in values), default=0)


def outcome_data(way: SearchOutcome) -> Mapping[str, object]:
    """A result as JSON data."""
    return {**way._asdict(), "secs": round(way.secs, 2), "processor_secs": round(way.processor_secs, 2)}
