"""The order in which several processes run the tests: long ones, and those that compile the contracts, first."""

from __future__ import annotations

import pytest

from places import ROOT

LONGEST = "tests/differential/test_broken.py"  # what its contracts have in common is compiled once
TOGETHER = (  # what the slow tests of a file share takes longer than they do
    LONGEST,
    "tests/audit/test_audit.py",
    "tests/audit/test_audit_faults.py",
    "tests/commands/test_hard_ends.py",
    "tests/mutation/test_mutate.py",
    "tests/report/test_page_browser.py",
    "tests/shrink/test_shrink_command.py",
)
LONG = (
    "tests/differential/test_books.py",
    "tests/audit/test_audit_faults.py",
    "tests/deployment/test_deployment_faults.py",
    "tests/commands/test_main.py",
    "tests/evm/test_compiler.py",
    "tests/differential/test_stored.py",
    "tests/audit/test_audit.py",
    "tests/fuzz/test_fuzz.py",
    "tests/shrink/test_shrink.py",
    "tests/deployment/test_deployment.py",
    "tests/commands/test_campaign.py",
    "tests/conform/test_conform.py",
    "tests/sweep/test_sweep.py",
)


def unit(item: pytest.Item) -> str:
    """The unit that one process runs: a file, or in most files a single slow test."""
    return item.nodeid if is_single(item) else path_of(item)


def is_single(item: pytest.Item) -> bool:
    """Returns whether a test may run in another process than the rest of its file."""
    takes_long = item.get_closest_marker("slow") or item.get_closest_marker("campaign")
    return takes_long is not None and path_of(item) not in TOGETHER


def path_of(item: pytest.Item) -> str:
    """The file of a test, from the root of the clone."""
    return item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else item.path.as_posix()


def in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests unit by unit; one process begins with the compilation, the others with the laws."""
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(unit(item), []).append(item)
    ordered = sorted(units.values(), key=_turn)
    first = [each for each in ordered if each[0].path.parent.name == "differential"][:1]
    others = sorted(ordered, key=lambda each: each[0].path.parent.name != "mirror")
    return [item for each in (*first, *(each for each in others if each not in first)) for item in each]


def _turn(items: list[pytest.Item]) -> int:
    """The rank of a unit: the longest, then slow tests, then the long files, then the rest as collected."""
    path = path_of(items[0])
    if path == LONGEST:
        return 0
    if is_single(items[0]) or path in TOGETHER:
        return 1
    return 2 + (LONG.index(path) if path in LONG else len(LONG))
