"""Our own search on the small vault: the walks of `crossvault conform` to the first difference, and the shrinker."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from crossvault.bench.planted import digits, moves
from crossvault.bench.small_bugs import EXAMPLE, VAULT, SearchOutcome, SmallVaultBug, plant
from crossvault.conform.adapter import load
from crossvault.conform.clause_trial import shortened
from crossvault.conform.comparison import ClauseCounts, ClauseFinding, ConformTrial
from crossvault.conform.deployed_subject import InProcessSubject
from crossvault.conform.model_recording import ModelRecording
from crossvault.conform.search import WALK_STEPS
from crossvault.conform.subject import Subject, subject
from crossvault.conform.walk import SupportedWalk
from crossvault.differential.drive import Relay, relayed
from crossvault.differential.model import Model
from crossvault.differential.step import Step, StepStream

NAME = "crossvault"


def search(bug: SmallVaultBug, seconds: float, seed: int) -> SearchOutcome:
    """Finds a bug and shrinks the finding, with a time limit for each. Raises CompileFailed, ToolchainMissing."""
    with TemporaryDirectory() as folder:
        plant(bug, Path(folder))
        found = subject(f"{Path(folder) / VAULT}:PerpVault", load(EXAMPLE / "perp-vault.adapter.yaml", ""))
        began = time.perf_counter(), time.process_time()
        finding = _found(found, seed, began[0] + seconds)
        if finding is not None:
            finding = shortened(found, finding, seconds)
    secs = time.perf_counter() - began[0], time.process_time() - began[1]
    if finding is None:
        return SearchOutcome(NAME, bug.id, False, *secs)
    return SearchOutcome(
        NAME, bug.id, True, *secs, moves(finding.steps), digits(finding.steps), f"{len(finding.steps)} with the set-up"
    )


def _found(found: Subject, seed: int, ends: float) -> ClauseFinding | None:
    number = seed
    while time.perf_counter() < ends:
        fitted, counts = SupportedWalk(found, number, WALK_STEPS), ClauseCounts()
        steps = partial(_until_found, fitted, counts, ends)
        recording = ModelRecording(found, fitted.world, f"walk {number}", steps)
        ConformTrial(InProcessSubject(found, fitted.world), recording, counts).run()
        if counts.findings:
            return next(iter(counts.findings.values()))
        number += 1
    return None


def _until_found(walk: SupportedWalk, counts: ClauseCounts, ends: float, model: Model) -> StepStream:
    def searched(step: Step) -> Relay:
        return None if counts.findings or time.perf_counter() >= ends else (yield step)

    return relayed(walk.steps(model), searched)
