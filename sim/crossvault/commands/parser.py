"""The parser of the command line: collects what each command declares. No command is imported for it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

from crossvault import __version__
from crossvault.commands import (
    audit_arguments,
    bench_arguments,
    calibrate_arguments,
    campaign_arguments,
    completion_arguments,
    config_arguments,
    conform_arguments,
    efficiency_arguments,
    explain_arguments,
    export_arguments,
    fuzz_arguments,
    init_arguments,
    live_arguments,
    margin_arguments,
    mutate_arguments,
    query_arguments,
    replay_arguments,
    report_arguments,
    run_arguments,
    scenarios_arguments,
    shrink_arguments,
)
from crossvault.commands.argument_kinds import add_json, add_verbosity
from crossvault.commands.command_parser import CommandParser
from crossvault.commands.exits import MEANINGS, UsageError
from crossvault.commands.settings import settings_for

_DECLARED = (
    run_arguments,
    live_arguments,
    fuzz_arguments,
    margin_arguments,
    replay_arguments,
    explain_arguments,
    report_arguments,
    export_arguments,
    query_arguments,
    shrink_arguments,
    scenarios_arguments,
    bench_arguments,
    efficiency_arguments,
    calibrate_arguments,
    mutate_arguments,
    conform_arguments,
    audit_arguments,
    campaign_arguments,
    init_arguments,
    config_arguments,
    completion_arguments,
)  # in the order of the help

_ABOUT = """A cross-margin vault in Solidity alongside an exact Python mirror of it: both play the same story,
and every result, refusal, event and state is compared to the last wei."""

_EXAMPLES = """examples:
  crossvault scenarios                                     what ships
  crossvault run black-thursday                            both sides, compared; a summary at the end
  crossvault run black-thursday --seed 7 --json            one JSON document
  crossvault fuzz --contracts my-contracts --time 60s      do your contracts still agree with the model?
  crossvault margin strangle --trade 'ETH-PERP +2'         one portfolio by every method, before and after
  crossvault run my-story.yaml --contracts my-contracts    your contracts against the model
  crossvault explain RECORD 120                            one step: before, after, margin arithmetic, call trace
  crossvault conform example                               a foreign vault, clause by clause of the specification
  crossvault audit --rpc URL --vault ADDRESS --follow      a vault on a chain against the model, block after block
  crossvault query RECORD "select * from payments"         a record as tables; `export` writes them
  crossvault replay RECORD                                 the recorded steps again: `identical`, or where not

exit codes:
"""


def parse(words: Sequence[str], with_settings: bool = False) -> argparse.Namespace:
    """The arguments of a command line; prints and ends as argparse does on --help. Raises UsageError, BadConfig.

    with_settings: whether what it lacks is as the settings of the folder have it.
    """
    parser, known = _parser()
    if with_settings:
        for each in settings_for(words, known).all:
            known[each.command].configure({each.dest: each.value})
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in known:
        near = get_close_matches(first, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no command {first!r}: expected one of {', '.join(known)}{hint}")
    return parser.parse_args(words)


def whole_parser() -> CommandParser:
    """The parser of a whole command line."""
    return _parser()[0]


def command_parsers() -> dict[str, CommandParser]:
    """The parser of every command, by its name."""
    return _parser()[1]


def _parser() -> tuple[CommandParser, dict[str, CommandParser]]:
    """The parser, and those of its commands."""
    codes = "\n".join(f"  {code:<2} {meaning}" for code, meaning in MEANINGS.items())
    parser = CommandParser(prog="crossvault", description=_ABOUT, epilog=_EXAMPLES + codes)
    parser.add_argument("--version", action="version", version=f"crossvault {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=CommandParser)
    for each in _DECLARED:
        each.declare(commands)
    commands.add_parser("setup", help="install everything that is missing")
    add_json(commands.add_parser("doctor", help="what is there, what is missing, and what mends it"))
    commands.add_parser("test", help="run the tests; takes pytest's arguments", add_help=False)
    for command in (parser, *commands.choices.values()):
        add_verbosity(command)
    return parser, dict(commands.choices)
