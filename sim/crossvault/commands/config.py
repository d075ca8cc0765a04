"""`crossvault config`: the settings in force, each with the file and line, the variable or the default it is from."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from crossvault.commands.command_parser import CommandParser
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import command_parsers
from crossvault.commands.settings import VARIABLE, Settings, found_settings
from crossvault.differential.ending import DONE
from crossvault.report.console import show, table
from crossvault.scenario.data_file import VARIABLE as DATA_VARIABLE, user_folder
from crossvault.setup import toolchain

_DEFAULT, _ENVIRONMENT = "default", "environment"
_HOME_VARIABLE = "CROSSVAULT_HOME"


class ConfigRow(NamedTuple):
    """A setting: its command, empty for all; its name; its value; where it is from, and the line in a file."""

    command: str
    name: str
    value: Any
    origin: str
    line: int | None = None


def config(arguments: Namespace) -> int:
    """Prints the settings. Raises BadConfig, UsageError."""
    parsers = command_parsers()
    if arguments.of is not None and arguments.of not in parsers:
        near = get_close_matches(arguments.of, parsers, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"COMMAND: no command {arguments.of!r}{hint}")
    found = found_settings(parsers)
    rows = _flags(arguments.of, parsers[arguments.of], found) if arguments.of else [*_places(), *_set(found)]
    if arguments.json:
        print(json.dumps({"file": found.file, "settings": [_document(each) for each in rows]}, indent=2))
        return DONE
    print(
        f"settings: {found.file or 'no crossvault.toml and no [tool.crossvault] of a pyproject.toml from here upward'}"
    )
    made = table("command", "setting", "value", "from")
    for row in rows:
        origin = row.origin if row.line is None else f"{row.origin}:{row.line}"
        made.add_row(row.command or "all", row.name, _text(row.value), origin)
    show(made)
    return DONE


def _places() -> Iterator[ConfigRow]:
    """Where files are looked for, by the environment or by default."""
    if (named := os.environ.get(VARIABLE)) is not None:
        yield ConfigRow("", "settings", named or "none", f"{_ENVIRONMENT} {VARIABLE}")
    yield ConfigRow("", "state folder", str(toolchain.state_dir()), _origin(_HOME_VARIABLE))
    yield ConfigRow("", "market data", os.environ.get(DATA_VARIABLE) or str(user_folder()), _origin(DATA_VARIABLE))


def _origin(variable: str) -> str:
    return f"{_ENVIRONMENT} {variable}" if os.environ.get(variable) else _DEFAULT


def _set(found: Settings) -> Iterator[ConfigRow]:
    """What the file sets; of one flag that is set twice the value that counts."""
    last = {(each.command, each.dest): each for each in found.all}
    for each in last.values():
        yield ConfigRow(each.command, each.flag, each.value, each.file, each.line)


def _flags(command: str, parser: CommandParser, found: Settings) -> Sequence[ConfigRow]:
    """Every flag of a command with the value that it has without it."""
    known = {each.dest: each for each in found.of(command)}
    rows = []
    for action in parser._actions:
        if action.dest in ("help", "verbosity"):
            continue
        name = action.option_strings[-1] if action.option_strings else str(action.metavar)
        if setting := known.get(action.dest):
            rows.append(ConfigRow(command, name, setting.value, setting.file, setting.line))
        else:
            rows.append(ConfigRow(command, name, action.default, "has to be given" if action.required else _DEFAULT))
    return rows


def _text(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _document(row: ConfigRow) -> dict[str, Any]:
    return row._asdict()
