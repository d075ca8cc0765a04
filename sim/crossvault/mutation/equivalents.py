"""File of equivalent mutants: mutants without observable difference, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.differential.ending import BadInput, InputProblem, reason
from crossvault.mutation.mutants import Mutant

_FIELDS = ("id", "becomes", "reason")


class BadEquivalents(BadInput):
    """An invalid file of equivalents: `file:line: field: what is expected`."""


def equivalents(path: Path, shown: str, mutants: Sequence[Mutant]) -> dict[str, str]:
    """Reads the reasons by identifier. Raises BadEquivalents, also for an unknown or changed mutant."""
    import yaml

    try:
        text = path.read_text(encoding="utf8")
        entries = yaml.safe_load(text) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as wrong:
        raise BadEquivalents(InputProblem(f"cannot be read: {reason(wrong)}", shown)) from wrong
    if not isinstance(entries, list):
        raise BadEquivalents(InputProblem(f"expected a list of entries with {', '.join(_FIELDS)}", shown))
    known = {each.id: each for each in mutants}
    found: dict[str, str] = {}
    for place, entry in enumerate(entries, 1):
        where = _EntryPlace(shown, _line(text, entry), place)
        _require_form(where, entry)
        _require_known(where, entry, known)
        if entry["id"] in found:
            raise BadEquivalents(where.problem("id", f"{entry['id']} is listed twice"))
        found[entry["id"]] = entry["reason"]
    return found


class _EntryPlace(NamedTuple):
    file: str
    line: int
    number: int

    def problem(self, field: str, problem: str) -> InputProblem:
        return InputProblem(problem, self.file, self.line, f"entry {self.number}" + (f": {field}" if field else ""))


def _require_form(where: _EntryPlace, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise BadEquivalents(where.problem("", f"expected {', '.join(_FIELDS)}, got {entry!r}"))
    for name in entry:
        if name not in _FIELDS:
            known = f"expected one of {', '.join(_FIELDS)}{_near(str(name), _FIELDS)}"
            raise BadEquivalents(where.problem(str(name), f"no such field: {known}"))
    for name in _FIELDS:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise BadEquivalents(where.problem(name, f"expected a text, got {entry.get(name)!r}"))


def _require_known(where: _EntryPlace, entry: Mapping[str, str], known: Mapping[str, Mutant]) -> None:
    mutant = known.get(entry["id"])
    if mutant is None:
        near = _near(entry["id"], list(known))
        raise BadEquivalents(where.problem("id", f"there is no mutant {entry['id']!r}{near}"))
    if mutant.becomes != entry["becomes"]:
        problem = f"{entry['id']} is now {mutant.becomes!r}, not {entry['becomes']!r}: review it again"
        raise BadEquivalents(where.problem("becomes", problem))


def _near(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _line(text: str, entry: Any) -> int:
    """The line of an entry's identifier; the first line where it has none."""
    wanted = str(entry.get("id")) if isinstance(entry, dict) else ""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if wanted and f"id: {wanted}" in line), 1)
