"""Arguments that several commands have, and the kinds of their values. Only argparse is imported: help is quick.

Every number has bounds, and the bounds a reason.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from crossvault.commands.command_parser import CommandParser
from crossvault.setup.notices import Verbosity

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[CommandParser]
else:
    Commands = argparse._SubParsersAction  # has no parameters when run


class NumberBounds(NamedTuple):
    """The least and the greatest value of a kind of number, and why it ends there."""

    least: int
    most: int
    why: str


NUMBERS = {
    "seed": NumberBounds(0, 2**64 - 1, "a seed has 64 bits"),
    "block": NumberBounds(0, 2**64 - 1, "the number of a block has 64 bits"),
    "confirmations": NumberBounds(0, 10_000, "no chain goes back further"),
    "awaited blocks": NumberBounds(1, 10_000, "no chain goes back further"),
    "port": NumberBounds(0, 65_535, "a port has 16 bits"),
    "steps": NumberBounds(1, 10**9, "more take weeks"),
    "step": NumberBounds(0, 10**9, "no record is longer"),
    "walk steps": NumberBounds(0, 10**9, "more take weeks"),
    "accounts": NumberBounds(1, 10**6, "each takes a kilobyte of memory"),
    "rows": NumberBounds(1, 10**5, "no table is read beyond it"),
    "seeds": NumberBounds(1, 1_000, "each is a search of its own"),
    "mutants": NumberBounds(1, 10**6, "the contracts have fewer"),
    "scenarios": NumberBounds(1, 36, "rules of portfolio margin have no more"),
    "processes": NumberBounds(1, max(64, os.cpu_count() or 1), "each takes 150 MB, and only as many run as processors"),
}
JUDGES = ("rules", "expectations", "vectors", "laws")  # of a mutant of both sides
_MOST_SPAN = 366 * 86_400
_POLL = (0.01, 3_600.0)


def add_contracts(parser: CommandParser) -> None:
    """Adds the option that names a directory of contracts."""
    parser.add_argument("--contracts", metavar="DIR", help="drive the contracts of this directory, with the same ABI")


def add_invariants(parser: CommandParser) -> None:
    """Adds the option that names invariants of the user."""
    parser.add_argument(
        "--invariant", action="append", default=[], dest="invariants", metavar="MODULE:FUNCTION",
        help="an invariant of your own, checked after every step; may be repeated",
    )  # fmt: skip


def add_judge(parser: CommandParser) -> None:
    """Adds the option that sets how thorough the judge is."""
    parser.add_argument(
        "--judge", choices=("off", "default", "full", "strict"), default="default",
        help="check the rules of docs/rules.md after every step: off: only your own; default: the dear ones at a share "
        "of the steps; full: all of them; strict: known weaknesses of the vault end it too",
    )  # fmt: skip


def add_against(parser: CommandParser) -> None:
    """Adds the option that names a newer version of the contracts."""
    parser.add_argument(
        "--against", metavar="DIR",
        help="compare two versions without the model: as the old one the contracts of --contracts, or those that ship, "
        "and those of this directory as the new one",
    )  # fmt: skip


def add_watch(parser: CommandParser) -> None:
    """Adds the option that runs the command again at each change."""
    parser.add_argument(
        "--watch", action="store_true", help="again whenever contracts, scenarios or the mirror change, until Ctrl-C"
    )
    parser.never_with("--watch", "--json")


def add_json(parser: CommandParser) -> None:
    """Adds the option that prints JSON."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_page(parser: CommandParser) -> None:
    """Adds the option that writes a page."""
    parser.add_argument("--page", metavar="FILE", help="write the figures and their plots as one HTML file")


def add_verbosity(parser: CommandParser) -> None:
    """Adds the options that choose how much is printed on stderr; a command without them has no `verbosity`."""
    chosen = parser.add_mutually_exclusive_group()
    for flag, verbosity, about in (
        ("quiet", Verbosity.QUIET, "results and errors only: no progress, no notes"),
        ("verbose", Verbosity.VERBOSE, "note what is used and what is done"),
    ):
        chosen.add_argument(
            f"-{flag[0]}", f"--{flag}", action="store_const", const=verbosity, dest="verbosity",
            default=argparse.SUPPRESS, help=about,
        )  # fmt: skip


def number(kind: str) -> Callable[[str], int]:
    """The parser of a whole number of a kind, which raises ArgumentTypeError beyond its bounds."""
    least, most, why = NUMBERS[kind]

    def parsed(text: str) -> int:
        is_whole = text.isascii() and text.isdecimal()
        if is_whole and len(text) <= 20 and least <= int(text) <= most:
            return int(text)
        reason = f" ({why})" if is_whole else ""
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}{reason}, got {text[:40]!r}")

    return parsed


def wait_secs(text: str) -> float:
    """A wait in seconds. Raises ArgumentTypeError."""
    return _decimal(text, "a number of seconds", *_POLL)


def judge_score(text: str) -> tuple[str, float]:
    """The least score of a judge of mutants, such as `rules=60`. Raises ArgumentTypeError."""
    judge, sign, score = text.partition("=")
    if not sign or judge not in JUDGES:
        judges = ", ".join(JUDGES)
        raise argparse.ArgumentTypeError(f"expected JUDGE=PCT with a judge of {judges}, got {text[:40]!r}")
    return judge, percent(score)


def percent(text: str) -> float:
    """A share in percent. Raises ArgumentTypeError."""
    return _decimal(text, "a number of percent", 0, 100)


def span(text: str) -> int:
    """A time that something may take, from one second [seconds]. Raises ArgumentTypeError."""
    from crossvault.scenario.quantity import duration

    try:
        secs = duration(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong
    if not 1 <= secs <= _MOST_SPAN:
        raise argparse.ArgumentTypeError(f"expected 1s to {_MOST_SPAN // 86_400}d, got {text!r}")
    return secs


def _decimal(text: str, what: str, least: float, most: float) -> float:
    integer, _, fraction = text.partition(".")
    if not (text.isascii() and (integer + fraction).isdecimal() and len(text) <= 20 and least <= float(text) <= most):
        raise argparse.ArgumentTypeError(f"expected {what} from {least:g} to {most:g}, got {text[:40]!r}")
    return float(text)
