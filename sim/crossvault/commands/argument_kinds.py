"""Arguments that several commands have, and the kinds of their values. Only argparse is imported: help is quick."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from crossvault.setup.notices import Verbosity

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction  # has no parameters when run


def add_contracts(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names a directory of contracts."""
    parser.add_argument("--contracts", metavar="DIR", help="drive the contracts of this directory, with the same ABI")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds the option that prints JSON."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_verbosity(parser: argparse.ArgumentParser) -> None:
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


def seconds(text: str) -> float:
    """A number of seconds. Raises ArgumentTypeError."""
    integer, _, fraction = text.partition(".")
    if not (integer + fraction).isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}")
    return float(text)


def natural_number(text: str) -> int:
    """A whole number from 0. Raises ArgumentTypeError."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


def count(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)
