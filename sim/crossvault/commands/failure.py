"""The report of a command's failure: one line, one JSON document besides with --json; a traceback goes to a file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvault import __version__
from crossvault.commands.exits import MEANINGS
from crossvault.differential.ending import DEFECT, USAGE, Ending, InputProblem, exit_code, words

_ARGUMENT = re.compile(r"(?:argument )?(?P<field>-[-\w]+|[A-Z]{2,})(?:/-[-\w]+)?: (?P<problem>.*)", re.DOTALL)


def reported(error: BaseException, as_json: bool) -> int:
    """Reports what ended a command and returns its exit code; DEFECT for what nothing expects."""
    code = exit_code(error)
    text = words(error) if code is not None else _defect(error)
    code = DEFECT if code is None else code
    print(f"crossvault: {text}", file=sys.stderr)
    if as_json and not getattr(sys.stdout, "is_used", False):  # one document: what a command printed stays alone
        problems = error.problems if isinstance(error, Ending) else ()
        print(json.dumps({"error": failure_document(code, text, problems)}, indent=2))
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


def failure_document(code: int, text: str, problems: Sequence[InputProblem] = ()) -> dict[str, Any]:
    """A failure as JSON: exit code, its meaning, the message, and where in the input it is, if that is known."""
    text = text.partition("\nusage: ")[0]
    known = problems or (tuple(_of_argument(text)) if code == USAGE else ())
    first = known[0] if known else InputProblem(text)
    where = {"file": first.file, "line": first.line, "field": first.field}
    found: dict[str, Any] = {"code": code, "meaning": MEANINGS[code], "message": text, **where}
    return found | ({"problems": [_document(each) for each in known]} if len(known) > 1 else {})


def _document(found: InputProblem) -> dict[str, Any]:
    return {"file": found.file, "line": found.line, "field": found.field, "message": found.problem}


def _of_argument(text: str) -> Iterator[InputProblem]:
    """The argument of the command line that a message begins with."""
    if found := _ARGUMENT.match(text):
        yield InputProblem(found["problem"], field=found["field"])


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
