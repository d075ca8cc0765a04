"""Reads a YAML file as plain data with the line of every field, and collects problems by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from crossvault.differential.ending import BadInput, InputProblem, reason
from crossvault.differential.suggestion import did_you_mean as did_you_mean

Key = str | int
Route = tuple[Key, ...]

_TAG = "tag:yaml.org,2002:"
_MAX_NODES = 200_000
_MAX_DIGITS = 80
_HEAD, _REST = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})*"), re.compile(r"[0-9]{3}(?![0-9])")


class ScenarioError(BadInput):
    """Bad input: one line `file:line: field: problem` for each problem found."""


class Spot(NamedTuple):
    """A line of a file, or the argument of the command line that replaces a part of it; as text `file:line`."""

    file: str | None
    line: int | None = None
    argument: str | None = None

    def __str__(self) -> str:
        return self.argument or (f"{self.file}:{self.line}" if self.line else str(self.file))


@dataclass
class SourceFile:
    """A scenario file: its data, the line of every field, and the problems found in it so far.

    commas: numbers that their comma splits, read whole so that other problems are found.
    """

    path: str
    data: Any = None
    lines: dict[Route, Spot] = field(default_factory=dict)
    problems: list[InputProblem] = field(default_factory=list)
    commas: dict[Route, str] = field(default_factory=dict)

    def where(self, route: Sequence[object]) -> Spot:
        """The line of a field, or of the nearest field around it."""
        return self.lines.get(self.known(route), Spot(self.path, 1))

    def problem(self, route: Sequence[object], text: str) -> InputProblem:
        """A problem of a field."""
        spot = self.where(route)
        return InputProblem(text, spot.file, spot.line, field_path(route), spot.argument)

    def known(self, route: Sequence[object]) -> Route:
        """The part of a route that exists in the file; keys that only the validator adds are left out."""
        found: Route = ()
        for key in route:
            if isinstance(key, str | int) and (*found, key) in self.lines:
                found = (*found, key)
        return found

    def note(self, route: Sequence[object], problem: str) -> None:
        """Notes a problem of a field."""
        self.problems.append(self.problem(route, problem))

    @contextmanager
    def guard(self, route: Route, inner: bool = True) -> Iterator[None]:
        """Notes a ValueError as a problem of a field, or of the field inside it that the error names."""
        try:
            yield
        except ValueError as error:
            inside: Route = getattr(error, "route", ()) if inner else ()
            self.note((*route, *inside), str(error))

    def note_commas(self) -> None:
        """Notes the numbers that their comma splits, once every other field can be read as well."""
        for route, written in self.commas.items():
            self.note(route, f"a comma inside {{ }} or [ ] ends a value: quote the number, such as {written!r}")
        self.commas.clear()

    def require_no_problems(self) -> None:
        """Raises ScenarioError if any problem was noted."""
        if self.problems:
            raise ScenarioError(*dict.fromkeys(self.problems))


def field_path(route: Sequence[object]) -> str:
    """The path of a field as text: `steps[2].amount`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in route)
    return text.removeprefix(".") or "the file"


def read(path: Path, shown: str) -> SourceFile:
    """Reads a file. Raises ScenarioError for invalid YAML, a duplicate key, or a bare decimal number."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(InputProblem(f"cannot be read: {reason(error)}", shown)) from None
    source = SourceFile(shown)
    source.data = _data(source, compose(text, shown), (), shown)
    source.require_no_problems()
    return source


def compose(text: str, shown: str) -> yaml.Node:
    """Parses a YAML text to its node. Raises ScenarioError."""
    try:
        node = _node(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(InputProblem(f"invalid YAML: {error.problem or error.context}", shown, line)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ScenarioError(InputProblem(f"invalid YAML: {error}", shown, 1)) from None
    if node is None:
        raise ScenarioError(InputProblem("the file is empty", shown, 1))
    return node


@lru_cache(maxsize=64)
def _node(text: str) -> yaml.Node | None:
    """The node of a text, which nothing changes: to parse one takes longer than all that is done with it."""
    return yaml.compose(text, Loader=yaml.SafeLoader)


def replacement(source: SourceFile, route: Route, text: str, shown: str) -> Any:
    """The data of a YAML text that replaces a field; errors below it cite the text in place of a line."""
    for old in [known for known in source.lines if known[: len(route)] == route]:
        del source.lines[old]
    return _data(source, compose(text, shown), route, shown, numbered=False)


def _data(source: SourceFile, node: yaml.Node, route: Route, shown: str, numbered: bool = True) -> Any:
    source.lines.setdefault(route, _spot(node, shown, numbered))
    if len(source.lines) > _MAX_NODES or len(route) > 20:
        raise ScenarioError(source.problem(route, "too deep or too large, or an alias of itself"))
    if isinstance(node, yaml.SequenceNode):
        items = _rejoined(source, route, node.value)
        return [_data(source, item, (*route, i), shown, numbered) for i, item in enumerate(items)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(source, node, route, shown, numbered)
    return _scalar(source, node, route)


def _spot(node: yaml.Node, shown: str, numbered: bool) -> Spot:
    return Spot(shown, node.start_mark.line + 1) if numbered else Spot(None, None, shown)


def _mapping(source: SourceFile, node: yaml.MappingNode, route: Route, shown: str, numbered: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _rejoined_pairs(source, route, node.value):
        key = str(name.value) if isinstance(name, yaml.ScalarNode) else str(name.tag)
        source.lines[(*route, key)] = _spot(name, shown, numbered)
        if key in found:
            source.note((*route, key), "appears twice")
        found[key] = _data(source, value, (*route, key), shown, numbered)
    return found


def _rejoined(source: SourceFile, route: Route, items: Sequence[yaml.Node]) -> list[yaml.Node]:
    """The items of a list, where a number that its own comma has split is one item, and a problem."""
    found: list[yaml.Node] = []
    for item in items:
        if found and _is_split(found[-1], item):
            found[-1] = _joined(source, (*route, len(found) - 1), found[-1], item)
        else:
            found.append(item)
    return found


def _rejoined_pairs(
    source: SourceFile, route: Route, pairs: Sequence[tuple[yaml.Node, yaml.Node]]
) -> list[tuple[yaml.Node, yaml.Node]]:
    """The fields of a mapping, where a number that its own comma has split is one value, and a problem."""
    found: list[tuple[yaml.Node, yaml.Node]] = []
    for name, value in pairs:
        if found and _is_split(found[-1][1], name):
            key, before = found[-1]
            found[-1] = key, _joined(source, (*route, str(key.value)), before, name)
        else:
            found.append((name, value))
    return found


def _is_split(before: yaml.Node, after: yaml.Node) -> bool:
    """Whether two scalars are the parts of a number with a comma, which YAML splits inside `{ }` and `[ ]`."""
    if not (isinstance(before, yaml.ScalarNode) and isinstance(after, yaml.ScalarNode)):
        return False
    close = before.end_mark.index + 1 == after.start_mark.index and not (before.style or after.style)
    return bool(close and _HEAD.fullmatch(before.value) and _REST.match(after.value))


def _joined(source: SourceFile, route: Route, before: yaml.Node, after: yaml.Node) -> yaml.Node:
    written = f"{before.value},{after.value}"
    source.commas[route] = written
    return yaml.ScalarNode(f"{_TAG}str", written, before.start_mark, after.end_mark)


def _scalar(source: SourceFile, node: yaml.Node, route: Route) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind == "float":
        like = f"quote it with its unit, such as '{text} USDC' or '{text} %'"
        source.note(route, f"{text} is a bare decimal number: {like}")
    elif kind == "int" and text.lstrip("+-").isdecimal():
        if len(text) > _MAX_DIGITS:
            source.note(route, f"a number of {len(text)} digits: expected at most {_MAX_DIGITS}")
            return 0
        return int(text)
    elif kind == "null":
        return None
    elif kind == "bool":
        return text.casefold() in ("yes", "true", "on")
    return text
