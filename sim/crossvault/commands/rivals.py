"""`crossvault bench rivals`: other searchers on the bugs that ours is measured by, in the same run."""

from __future__ import annotations

import json
from argparse import Namespace

from crossvault.bench.rival_contest import HYPOTHESIS, TEN, RivalComparison, compare
from crossvault.bench.small_bugs import BUGS, SearchOutcome
from crossvault.commands.catalogue import chosen
from crossvault.differential.ending import DONE, INTERRUPTED
from crossvault.report.console import show, table
from crossvault.setup.notices import notice

_ABOUT = """Seconds of the processor, until a bug was found and until it was shrunk; every search may take {seconds}.
Ours begins with nothing: all calls, and of those the moves, which are more than listings, mints, first prices and first
cash. Hypothesis is given all that, and a model to compare with. Digits: of the longest value, but for zeros at its end.
"""
_ABOUT_SMALL = """
The example vault of `crossvault conform`, with three bugs. Ours compares it with the model. forge and Wake are given a
set-up, calls that make sense and invariants that value every account anew. Seconds: to find and to shrink; Wake's with
its start. Calls: beyond the set-up.
"""


def rivals(arguments: Namespace) -> int:
    """Measures and prints; reports a searcher that is not installed, and how to install it."""
    found = RivalComparison(arguments.time)
    names: list[str] = arguments.only or [*TEN, *(bug.id for bug in BUGS)]
    bugs = [bug for bug in BUGS if bug.id in names]
    planted = [name for name in names if all(name != bug.id for bug in bugs)]
    compare(chosen(planted) if planted else [], bugs, found, _silent if arguments.json else notice)
    if arguments.json:
        print(json.dumps(found.document(), indent=2))
    else:
        _show(found)
    return INTERRUPTED if found.interrupted else DONE


def _show(found: RivalComparison) -> None:
    if found.ours:
        print(_ABOUT.format(seconds=f"{found.seconds} s"))
        _show_bugs(found)
    if found.ways:
        print(_ABOUT_SMALL)
        _show_small(found)
    for name, why in found.missing.items():
        print(f"{name}: not available: {why}")
    print(", ".join(f"{name} {version}" for name, version in found.versions.items()))


def _show_bugs(found: RivalComparison) -> None:
    made = table("bug", "by", ">found", ">shrunk", ">calls", ">moves", ">digits", "")
    for name, row in found.ours.items():
        note = "" if row.finished else "unfinished"
        if row.found:
            secs = f"{row.find_secs:.2f}", f"{row.find_secs + row.shrink_secs:.2f}"
            made.add_row(name, "ours", *secs, str(row.calls), str(row.moves), str(row.digits), note)
        else:
            made.add_row(name, "ours", *[""] * 5, f"not found in {row.find_secs:.0f} s")
        other = found.hypothesis.get(name)
        if other is None:
            continue
        if other.found:
            note = "" if other.finished else "unfinished"
            secs = f"{other.first_secs:.2f}", f"{other.secs:.2f}"
            made.add_row("", HYPOTHESIS, *secs, "", str(other.calls), str(other.digits), note)
        else:
            made.add_row("", HYPOTHESIS, *[""] * 5, f"not found in {other.secs:.0f} s")
    show(made)


def _show_small(found: RivalComparison) -> None:
    made = table("bug", "by", ">by the clock", ">processor", ">calls", ">digits", "")
    for bug in BUGS:
        for way in (each for each in found.ways if each.bug == bug.id):
            made.add_row(bug.id if way is _first(found, bug.id) else "", way.tool, *_figures(way))
    show(made)


def _first(found: RivalComparison, bug: str) -> SearchOutcome:
    return next(each for each in found.ways if each.bug == bug)


def _figures(way: SearchOutcome) -> tuple[str, ...]:
    secs = f"{way.secs:.1f}", f"{way.processor_secs:.1f}"
    if not way.found:
        return (*secs, "", "", "not found")
    return (*secs, str(way.calls), str(way.digits) if way.digits else "not reported", way.note)


def _silent(_: str) -> None: ...
