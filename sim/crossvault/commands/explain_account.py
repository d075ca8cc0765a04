"""`crossvault explain RECORD ACCOUNT`: an account at a moment of a record, and what would have kept it alive."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.commands.sides import command, shown
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.history.playhead import Playhead
from crossvault.history.recorded_account import RecordedAccount, recorded_account
from crossvault.history.what_if import WhatIf, what_if
from crossvault.lockstep.record import Record
from crossvault.mirror.account import AccountId
from crossvault.portfolio.saved_portfolio import SavedAccount, text as text_of
from crossvault.report.console import show
from crossvault.report.explain_account import text
from crossvault.report.explain_account_json import document
from crossvault.report.explain_answer import moment
from crossvault.report.figures import utc
from crossvault.scenario import quantity
from crossvault.setup.notices import notice

_USUAL_PATHS = 40


def explain_account(arguments: Namespace, read: Record, account: AccountId) -> int:
    """Explains an account; ends with FAILED where the record has a difference."""
    if arguments.contracts:
        raise UsageError("--contracts: has an effect only with a STEP")
    with bar(str(account), len(read.steps)) as tick:
        recorded = recorded_account(read, account, tick)
    playhead = Playhead(read)
    at = _moved(playhead, recorded, arguments.at)
    with bar("what if", _USUAL_PATHS, "paths") as tick:
        found = what_if(recorded, playhead, at, tick)
    if arguments.save is not None:
        save(found, Path(shown(arguments.save)))
    _print(found, arguments.json)
    if arguments.save is not None:
        notice(f"crossvault: the account is written; for its margin: {command()} margin {shown(arguments.save)}")
    if read.cut:
        print(f"crossvault: {read.cut}", file=sys.stderr)
    if recorded.difference is not None:
        return FAILED
    return USAGE if read.cut else DONE


def save(found: WhatIf, path: Path) -> None:
    """Writes the account as a portfolio file, which `margin` reads. Raises UsageError, NotWritable."""
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--save: {path}: expected a name that ends in .yaml")
    header = found.recorded.record.header
    name = f"{found.account.owner}-{found.account.number}" if found.account.number else found.account.owner
    about = f"{found.account} in {header['scenario']}, {moment(found)}"
    written = text_of(SavedAccount(found.playhead.model, found.account, found.at, name, about))
    try:
        path.write_text(written, encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--save: {path} cannot be written: {wrong.strerror}") from wrong


def _print(found: WhatIf, as_json: bool) -> None:
    if as_json:
        print(json.dumps(document(found), indent=2))
    else:
        show(text(found))


def _moved(playhead: Playhead, recorded: RecordedAccount, wanted: str | None) -> int:
    """Plays up to the moment that is wanted, and returns its time [unix seconds]. Raises UsageError."""
    steps = playhead.steps
    if wanted is not None and not _is_step(wanted):
        return _moved_to(playhead, within(wanted, steps[0].at, steps[-1].at))
    if wanted is not None:
        number = int(wanted)
    elif recorded.liquidations:
        number = recorded.liquidations[0].number
    else:
        playhead.move(len(steps))
        return steps[-1].at
    if not 1 <= number <= len(steps):
        raise UsageError(f"--at: the record has the steps 1 to {len(steps)}, got {number}")
    if number <= recorded.first_number:
        raise UsageError(f"--at: step {recorded.first_number} is the first of {recorded.account}: expected a later one")
    playhead.move(number - 1)
    return steps[number - 1].at


def _moved_to(playhead: Playhead, at: int) -> int:
    playhead.move(sum(step.at <= at for step in playhead.steps))
    return at


def _is_step(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def within(text: str, first: int, last: int) -> int:
    """A time within a record [unix seconds], as files write it or as `run` prints it. Raises UsageError."""
    written = text.strip().replace(" ", "T")
    year = datetime.fromtimestamp(first, UTC).year
    forms = [written, f"{written}Z", f"{year}-{written}Z", f"{year + 1}-{written}Z"]
    found = [secs for form in forms if (secs := _date(form)) is not None]
    within = [each for each in found if first <= each <= last]
    if not found:
        raise UsageError(
            f"--at: expected the number of a step, or a time in UTC such as 2020-03-12T07:00:00Z, got {text!r}"
        )
    if not within:
        raise UsageError(f"--at: the record is from {utc(first)} to {utc(last)} UTC, got {text}")
    return within[0]


def _date(text: str) -> int | None:
    try:
        return quantity.date(text)
    except ValueError:
        return None
