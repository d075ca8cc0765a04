"""The report of a command's failure: one line, one JSON document besides with --json; a traceback goes to a file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvault import __version__
from crossvault.commands.exits import MEANINGS
from crossvault.differential.ending import DEFECT, USAGE, exit_code, words

# one form for every message about a file (`file:line: field: problem`), and for one about an argument
_PLACE = re.compile(
    r"(?P<file>[^:\n]+\.[A-Za-z0-9]+)(?::(?P<line>\d+))?: (?:(?P<field>[^:]+): )?(?P<problem>.*)", re.DOTALL
)
_UNREADABLE = re.compile(r"(?P<file>[^:]+): (?P<problem>cannot be read: .*)")
_ARGUMENT = re.compile(r"(?:argument )?(?P<field>-[-\w]+|[A-Z]{2,})(?:/-[-\w]+)?: (?P<problem>.*)", re.DOTALL)
_NO_FIELDS = ("invalid YAML", "no line of a record", "no header of a record", "cannot be read")


def reported(error: BaseException, as_json: bool) -> int:
    """Reports what ended a command and returns its exit code; DEFECT for what nothing expects."""
    code = exit_code(error)
    text = words(error) if code is not None else _defect(error)
    code = DEFECT if code is None else code
    print(f"crossvault: {text}", file=sys.stderr)
    if as_json and not getattr(sys.stdout, "is_used", False):  # one document: what a command printed stays alone
        print(json.dumps({"error": failure_document(code, text)}, indent=2))
    return code


@contextmanager
def after_finding(is_found: bool | Callable[[], bool] = True) -> Iterator[None]:
    """What fails after a finding is reported and changes nothing of it: the finding's exit code stays.

    is_found: whether there is one when something fails; without one the error is raised.
    """
    try:
        yield
    except Exception as error:
        if not (is_found() if callable(is_found) else is_found):
            raise
        code = exit_code(error)
        print(f"crossvault: {_defect(error) if code is None else words(error)}", file=sys.stderr)


def failure_document(code: int, text: str) -> dict[str, Any]:
    """A failure as JSON: exit code, its meaning, the message, and where in the input it is, if it is there."""
    text = text.partition("\nusage: ")[0]
    places = [_place(line) for line in text.splitlines()] if code == USAGE else []
    known = [each for each in places if each["file"] or each["field"]]
    first = known[0] if known else {"file": None, "line": None, "field": None}
    where = {name: first[name] for name in ("file", "line", "field")}
    found: dict[str, Any] = {"code": code, "meaning": MEANINGS[code], "message": text, **where}
    return found | ({"problems": known} if len(known) > 1 else {})


def _place(line: str) -> dict[str, Any]:
    """The parts of one line of a message about input."""
    found = _PLACE.match(line) or _UNREADABLE.match(line) or _ARGUMENT.match(line)
    if found is None:
        return {"file": None, "line": None, "field": None, "message": line}
    parts = {"file": None, "line": None, "field": None, **found.groupdict()}
    field_name, problem = parts["field"], parts["problem"]
    if field_name is not None and field_name.startswith(_NO_FIELDS):
        field_name, problem = None, f"{field_name}: {problem}"
    number = int(parts["line"]) if parts["line"] else None
    return {"file": parts["file"], "line": number, "field": field_name, "message": problem}


def _defect(error: BaseException) -> str:
    """Writes the traceback of a defect to a file; the line that names both."""
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    path = _written(error)
    where = f"the traceback is in {path}" if path else "the traceback could not be written"
    return f"a defect of crossvault itself: {what}; {where}; please report it with that file and the command line"


def _written(error: BaseException) -> Path | None:
    import tempfile
    import traceback

    from crossvault.setup import toolchain

    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    version = f"crossvault {__version__}, Python {sys.version.split()[0]}, {sys.platform}"
    text = f"{version}\n{sys.argv}\n\n{''.join(traceback.format_exception(error))}"
    for folder in (toolchain.state_dir() / "defects", Path(tempfile.gettempdir())):
        path = folder / f"crossvault-{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf8", errors="replace")
        except OSError:
            continue
        return path
    return None
