"""`crossvault run --against`: stories on two versions of the contracts, and what changes from one to the other."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from crossvault.commands.failure import after_finding
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.progress import bar
from crossvault.commands.sides import directory, shown
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, worst as worst_of
from crossvault.differential.story import Story
from crossvault.evm.compiler import compile_contracts, contract_sources
from crossvault.evm.deploy import FACETS
from crossvault.evm.same_doors import require_layout
from crossvault.lockstep import record
from crossvault.report.console import show
from crossvault.report.upgrade import (
    CodeChanges,
    VersionNames,
    changes,
    code_document,
    document,
    head,
    stories,
)
from crossvault.setup.notices import notice
from crossvault.upgrade.interface_changes import interface_changes, require_readable
from crossvault.upgrade.storage_layout import delegate_changes, layout_changes
from crossvault.upgrade.version_run import VersionRun, Versions, play_versions

_SHORT = 12


class OpenedVersions(NamedTuple):
    """Two versions as compiled, how they are shown, and what differs before anything is played."""

    versions: Versions
    names: VersionNames
    code: CodeChanges


def opened_versions(old: str | None, new: str) -> OpenedVersions:
    """The two versions of a command line. Raises UsageError, CompileFailed."""
    folders = directory(old, "--contracts") if old else None, directory(new, "--against")
    ours = compile_contracts()
    versions = Versions(compile_contracts(folders[0]), compile_contracts(folders[1]), ours)
    for build, flag in ((versions.old, "--contracts"), (versions.new, "--against")):
        require_layout(build, ours, flag)
        require_readable(build, ours, flag)
    one, other = (contract_sources(each) for each in folders)
    files = [name for name in dict.fromkeys((*one, *other)) if _differs(one.get(name), other.get(name))]
    shown_old = f"{shown(folders[0]) if folders[0] else 'the contracts that ship'} ({versions.old.hash[:_SHORT]})"
    names = VersionNames(shown_old, f"{shown(folders[1])} ({versions.new.hash[:_SHORT]})", files)
    if not files:
        notice("both versions are the same contracts, file by file")
    layout = layout_changes(versions.old, versions.new, ("Vault", "Exchange"))
    layout += delegate_changes(versions.new, "Vault", FACETS)
    code = CodeChanges(layout, interface_changes(versions.old, versions.new))
    return OpenedVersions(versions, names, code)


def _differs(old: str | None, new: str | None) -> bool:
    """Whether a file differs; the probes of our own tests do not ship with other directories."""
    return old != new and None not in (old, new)


def run_versions(arguments: Namespace, named: Sequence[Story]) -> int:
    """Plays stories on two versions and prints what changes; FAILED where anything does."""
    opened = opened_versions(arguments.contracts, arguments.against)
    is_red = opened.code.is_red
    if not arguments.json:
        show(head(opened.names, opened.code))
    runs = list[VersionRun]()
    for story in named:
        with after_finding(is_red), bar(story.name, story.expected_steps) as tick:
            ran = play_versions(story, opened.versions, tick)
            runs.append(ran)
            is_red = is_red or bool(ran.table.rows)
            if ran.interrupted or Interrupts.came:
                break
    code = worst_of([FAILED if is_red else DONE, *(_code(ran) for ran in runs)])
    _show(opened, runs, code, [each.name for each in named[len(runs) :]], arguments.json)
    return code


def _code(ran: VersionRun) -> int:
    """The exit code of a story whose steps are the same on both."""
    if ran.failure:
        return ran.failure.exit_code
    return INTERRUPTED if ran.interrupted else DONE


def recorded_story(path: str) -> Story:
    """The steps of a record as a story. Raises BadRecord."""
    read = record.read(Path(path))
    if read.cut:
        notice(f"{read.cut}: played as far as it goes")
    return read.story()


def _show(opened: OpenedVersions, runs: Sequence[VersionRun], code: int, left: Sequence[str], as_json: bool) -> None:
    if as_json:
        body = code_document(opened.names, opened.code)
        played = {"stories": [document(each) for each in runs], "not_played": list(left)}
        print(json.dumps({"exit": code, **body, **played}, indent=2))
        return
    for ran in runs:
        if ran.table.rows:
            print()
            show(changes(ran))
    print()
    show(stories(runs))
    for ran in runs:
        if ran.failure:
            print(f"✖ {ran.story.name}: {ran.failure}")
    for ran in runs:
        if ran.interrupted:
            print(f"interrupted after {ran.steps:,} steps of {ran.story.name}; not played: {', '.join(left) or 'none'}")
    print(_verdict(opened.code, runs))


def _verdict(code_changes: CodeChanges, runs: Sequence[VersionRun]) -> str:
    """The last line: what differs, or over how much nothing does."""
    changed = [ran for ran in runs if ran.table.rows]
    parts = ["what is stored or called is not as it was"] if code_changes.is_red else []
    parts += [f"{len(changed)} of {len(runs)} stories change"] if changed else []
    if parts:
        return f"the versions differ: {', and '.join(parts)}"
    if failed := [ran.story.name for ran in runs if ran.failure]:
        return f"the versions agree as far as was played; otherwise than its file states went {', '.join(failed)}"
    steps, margins = sum(ran.steps for ran in runs), sum(ran.margins for ran in runs)
    return f"no change: {steps:,} steps and {margins:,} margins are the same on both versions"
