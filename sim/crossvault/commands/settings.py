"""The settings of a folder: `crossvault.toml`, or `[tool.crossvault]` of a `pyproject.toml`, found from here upward.

In one folder `crossvault.toml` comes first; the nearest folder that has either is the one that counts, and files of
several folders are not joined. `CROSSVAULT_CONFIG` names a file instead, or none where it is empty.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crossvault.commands.command_parser import CommandParser
from crossvault.differential.ending import BadInput, InputProblem, reason

VARIABLE = "CROSSVAULT_CONFIG"
SHARED = ("contracts", "stories", "seed", "network")  # keys for all commands that have such a flag
_OWN, _PYPROJECT = "crossvault.toml", "pyproject.toml"
_WITHOUT = ("setup", "doctor", "test", "init", "completion", "schema", "config")  # read no settings
_NO_KEYS = ("help", "quiet", "verbose", "watch")
_PATHS = ("DIR", "FILE", "MANIFEST", "PATH", "SCENARIO")  # metavars of values that are relative to the file


class BadConfig(BadInput):
    """A file of settings with a mistake: file, line, key, what was expected."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of a flag of a command as the file has it: parsed, and its file and line."""

    command: str
    dest: str
    flag: str
    value: Any
    file: str
    line: int

    @property
    def origin(self) -> str:
        """Where it is from."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a file, or none."""

    file: str | None = None
    all: tuple[Setting, ...] = ()

    def of(self, command: str) -> tuple[Setting, ...]:
        """The settings of a command."""
        return tuple(each for each in self.all if each.command == command)


def settings_for(words: Sequence[str], parsers: Mapping[str, CommandParser]) -> Settings:
    """The settings for a command line; none where it prints help or its command has none. Raises BadConfig."""
    command = next((word for word in words if word in parsers), None)
    if command is None or command in _WITHOUT or {"-h", "--help"} & set(words):
        return Settings()
    return found_settings(parsers)


def found_settings(parsers: Mapping[str, CommandParser]) -> Settings:
    """The settings in force here. Raises BadConfig."""
    place = _place()
    if place is None:
        return Settings()
    path, is_part = place
    text, tables = _read(path, is_part)
    shown = os.path.relpath(path)
    reader = _Reader(path, shown, text, "tool.crossvault." if is_part else "")
    made = tuple(reader.settings(tables, parsers))
    if reader.problems:
        raise BadConfig(*reader.problems)
    return Settings(shown, made)


def _place() -> tuple[Path, bool] | None:
    """The file, and whether it is a `pyproject.toml`; None where there is none. Raises BadConfig."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        if named and not os.path.isfile(named):
            raise BadConfig(f"{VARIABLE}: there is no file {named}")
        return (Path(named).absolute(), Path(named).name == _PYPROJECT) if named else None
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    for folder in (here, *here.parents):
        if os.path.isfile(folder / _OWN):  # not one that may not be looked for, as in another user's folder
            return folder / _OWN, False
        if _has_part(folder / _PYPROJECT):
            return folder / _PYPROJECT, True
    return None


def _has_part(path: Path) -> bool:
    try:
        return b"tool.crossvault" in path.read_bytes()
    except OSError:
        return False


def _read(path: Path, is_part: bool) -> tuple[str, Mapping[str, Any]]:
    """The text of a file, and its tables. Raises BadConfig."""
    import tomllib

    try:
        text = path.read_text(encoding="utf8")
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        at = re.search(r"\(at line (\d+), column \d+\)", str(wrong))
        line = int(at[1]) if at else len(path.read_text(encoding="utf8").splitlines())
        raise BadConfig(InputProblem(f"invalid TOML: {wrong}", os.path.relpath(path), line)) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadConfig(InputProblem(f"cannot be read: {reason(wrong)}", os.path.relpath(path))) from wrong
    if is_part:
        tables = tables.get("tool", {}).get("crossvault", {})
    return text, tables


class _Reader:
    """Reads the keys of one file, and notes what is wrong with them."""

    def __init__(self, path: Path, shown: str, text: str, prefix: str) -> None:
        self._folder, self._shown, self._prefix = path.parent, shown, prefix
        self._lines = dict(_lines(text))
        self.problems: list[InputProblem] = []

    def settings(self, tables: Mapping[str, Any], parsers: Mapping[str, CommandParser]) -> Iterator[Setting]:
        """The settings of all commands."""
        commands = [name for name in parsers if name not in _WITHOUT]
        for key, value in tables.items():
            if key in SHARED and not (key in commands and isinstance(value, dict)):  # `seed` is a command, too
                yield from self._shared(key, value, {name: parsers[name] for name in commands})
            elif key not in commands:
                self._note(key, f"unknown key: {_expected(key, (*SHARED, *commands))}")
            elif not isinstance(value, dict):
                self._note(key, f"expected a table of flags, [{self._prefix}{key}], got {value!r}")
            else:
                yield from self._table(key, value, parsers[key])

    def _shared(self, key: str, value: Any, parsers: Mapping[str, CommandParser]) -> Iterator[Setting]:
        """A key for all commands; what a table of a command has comes later, and wins."""
        for command, parser in parsers.items():
            action = _stories(parser) if key == "stories" else _flags(parser).get(key)
            if action is None:
                continue
            made = self._setting(command, key, action, value, key)
            if made is None:
                return  # one problem is enough
            yield made

    def _table(self, command: str, table: Mapping[str, Any], parser: CommandParser) -> Iterator[Setting]:
        known = _flags(parser)
        for key, value in table.items():
            path = f"{command}.{key}"
            if key not in known:
                self._note(path, f"unknown flag of {command}: {_expected(key, list(known))}")
            elif made := self._setting(command, key, known[key], value, path):
                yield made

    def _setting(self, command: str, key: str, action: argparse.Action, value: Any, path: str) -> Setting | None:
        try:
            parsed = self._parsed(action, value)
        except (argparse.ArgumentTypeError, ValueError) as wrong:
            self._note(path, str(wrong))
            return None
        flag = action.option_strings[-1] if action.option_strings else str(action.metavar)
        return Setting(command, action.dest, flag, parsed, self._shown, self._line(path))

    def _parsed(self, action: argparse.Action, value: Any) -> Any:
        """The value that the flag would have with it on the command line. Raises ValueError, ArgumentTypeError."""
        if isinstance(action, argparse._StoreTrueAction):
            if not isinstance(value, bool):
                raise ValueError(f"expected true or false, got {value!r}")
            return value
        is_many = isinstance(action, argparse._AppendAction) or action.nargs in ("+", "*")
        if is_many:
            values = value if isinstance(value, list) else [value]
            return [self._one(action, each) for each in values]
        return self._one(action, value)

    def _one(self, action: argparse.Action, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"expected a text or a number, got {value!r}")
        text = str(value)
        if not text.strip():
            raise ValueError(f"expected a value, got {value!r}")
        if action.metavar in _PATHS and not Path(text).is_absolute():
            text = os.path.relpath(self._folder / text)
        parsed = action.type(text) if callable(action.type) else text
        if action.choices is not None and parsed not in action.choices:
            raise ValueError(f"expected one of {', '.join(map(str, action.choices))}, got {value!r}")
        return parsed

    def _note(self, path: str, problem: str) -> None:
        self.problems.append(InputProblem(problem, self._shown, self._line(path), path))

    def _line(self, path: str) -> int:
        """The line of a key, or of the nearest table around it."""
        whole = f"{self._prefix}{path}"
        while whole and whole not in self._lines:
            whole = whole.rpartition(".")[0]
        return self._lines.get(whole, 1)


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The lines of tables and keys, by their dotted names."""
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if head := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            table = _dotted(head[1]) + "."
            yield table[:-1], number
        elif key := re.match(r"""\s*([\w"'-]+(?:\s*\.\s*[\w"'-]+)*)\s*=""", line):
            yield table + _dotted(key[1]), number


def _dotted(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _flags(parser: CommandParser) -> dict[str, argparse.Action]:
    """The options of a command that may be set, by their names without dashes."""
    found = {action.option_strings[-1].lstrip("-"): action for action in parser._actions if action.option_strings}
    return {name: action for name, action in found.items() if name not in _NO_KEYS}


def _stories(parser: CommandParser) -> argparse.Action | None:
    """The scenarios that a command takes several of."""
    found = (each for each in parser._actions if each.metavar == "SCENARIO" and each.nargs in ("+", "*"))
    return next(found, None)


def _expected(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"expected one of {', '.join(sorted({*known}))}{hint}"
