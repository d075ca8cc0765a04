"""`crossvault report`: a record as one HTML file that needs no other; of two records, both and where they part."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.commands.sides import shown
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.report.page_files import KEYS, SUFFIXES, page_of, written
from crossvault.report.page_history import RunHistory, record_extent
from crossvault.report.page_run import document


def report(arguments: Namespace) -> int:
    """Writes the page; ends with FAILED where the sides differ in a record, with USAGE where one is cut."""
    paths = [Path(shown(each)) for each in arguments.records]
    out = Path(shown(arguments.out)) if arguments.out else Path(paths[0].with_suffix(SUFFIXES[0]).name)
    _require(paths, out)
    histories = [_replayed(path, key) for path, key in zip(paths, KEYS, strict=False)]
    words = " ".join(shlex.quote(str(path)) for path in paths)
    again = f"crossvault report {words} -o {shlex.quote(str(out))}"
    with bar(f"write {out.name}", max(each.steps for each in histories)) as tick:
        size = written(out, page_of(histories, again, tick), "--out")
    _print(histories, out, size, is_json=arguments.json)
    if any(each.difference or each.end == "failed" for each in histories):
        return FAILED
    return USAGE if any(each.cut for each in histories) else DONE


def _require(paths: Sequence[Path], out: Path) -> None:
    """Requires a number of records, and a file that can be written. Raises UsageError."""
    if len(paths) > len(KEYS):
        raise UsageError(f"RECORD: expected one or two records, got {len(paths)}")
    if out.suffix not in SUFFIXES:
        raise UsageError(f"--out: expected a name that ends in {' or '.join(SUFFIXES)}, found {str(out)!r}")
    if not out.parent.is_dir():
        raise UsageError(f"--out: {out} cannot be written: {out.parent} is not a folder")
    if out.is_dir() or any(out.exists() and path.exists() and out.samefile(path) for path in paths):
        raise UsageError(f"--out: {out} cannot be written: it is a {'folder' if out.is_dir() else 'record'}")


def _replayed(path: Path, key: str) -> RunHistory:
    with bar(f"replay {path.name}", record_extent(path).lines) as tick:
        return RunHistory(path, tick, key)


def _print(histories: Sequence[RunHistory], out: Path, size: int, *, is_json: bool) -> None:
    if is_json:
        print(json.dumps({"page": str(out), "bytes": size, "runs": [document(each) for each in histories]}, indent=2))
        return
    print(f"page: {out} ({size / 1e6:,.1f} MB)")
    for each in histories:
        if each.difference:
            print(f"{each.path}: the sides differ at step {each.difference}")
        if each.cut:
            print(f"crossvault: {each.cut}", file=sys.stderr)
