"""The mistakes of tests/conform/clause_mutants.yaml as vaults under test: each breaks one clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import yaml

from crossvault.conform.adapter import load
from crossvault.conform.search import ConformReport
from crossvault.conform.subject import Subject, subject
from crossvault.evm.compiler import compile_contracts
from crossvault.mutation.mutant_run import MOST_CODE
from places import ROOT, TESTS
from planting import planted

HERE = TESTS / "conform"
Case = Mapping[str, Any]


def cases() -> list[Case]:
    """The mistakes: identifier, file, the two texts, and the clause that is broken."""
    broken = {each["id"]: each for each in yaml.safe_load((TESTS / "broken.yaml").read_text(encoding="utf8"))}
    listed = yaml.safe_load((HERE / "clause_mutants.yaml").read_text(encoding="utf8"))
    return [{**broken[each["of"]], **each} if "of" in each else each for each in listed]


def own() -> Subject:
    """The vault that ships, as a vault under test; its code is that of the build that is there already."""
    with mock.patch("crossvault.conform.subject.compiled", lambda files, remappings: compile_contracts()):
        return subject(f"{ROOT / 'contracts' / 'Vault.sol'}:Vault", load(HERE / "own.adapter.yaml", "own.adapter.yaml"))


def mistaken(some: Sequence[Case], sound: Subject) -> dict[str, Subject]:
    """A vault under test for each mistake, by identifier: nearly all of them from one build."""
    made = planted(some)
    return {name: replace(sound, build=build, mix=mix, most_code=MOST_CODE) for name, (build, mix) in made.items()}


def accused(report: ConformReport) -> list[str]:
    """The clauses that a report names, the one that explains most first."""
    found = [each for each in report.verdicts if each.rank]
    return [each.clause.text for each in sorted(found, key=lambda each: each.rank)]
