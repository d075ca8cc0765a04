"""A change that only tightens, on a vault that lets every change wait: it is played once it is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clause_mutants import own
from crossvault.conform.capability import NAMES
from crossvault.conform.clause_scenes import ClauseScenes
from crossvault.conform.model_recording import ModelRecording
from crossvault.conform.scene_steps import DELAY_SECS, OWNER
from crossvault.conform.waiting_changes import AT_ONCE
from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.differential.story import step_stream
from crossvault.mirror.market import MarketRisk

WAITS = "enact_risk, which has to wait"


def changed(at: int, risk: MarketRisk) -> Iterator[Step]:
    """A tighter initial rate: unannounced, announced, due, and due twice."""
    change = doors.RISK.of(underlying=0, risk=risk)
    yield change.enact(at, OWNER)
    yield change.schedule(at, OWNER)
    yield change.enact(at + DELAY_SECS - 1, OWNER)
    yield change.enact(at + DELAY_SECS, OWNER)


def played(*, at_once: bool) -> list[tuple[str, str, str]]:
    """Each change: its action, why it is left out, and its refusal."""
    vault = own()
    vault = replace(vault, capabilities={**vault.capabilities, AT_ONCE: "" if at_once else "switched off"})
    scenes = ClauseScenes(vault)
    at, risk = scenes.world.starts_at, scenes._risk
    listed = doors.list_underlying(at, OWNER, name="ETH", risk=risk)
    steps = [listed, *changed(at, risk._replace(initial_rate=risk.initial_rate + 1))]
    lines = [*ModelRecording(vault, scenes.world, "changes", lambda _: step_stream(steps))]
    return [
        (each.step.action, each.skipped, each.outcome.refusal.name if each.outcome and each.outcome.refusal else "")
        for each in lines[1:]
        if each.step is not None
    ]


def test_a_change_that_only_tightens_waits_where_the_vault_lets_it() -> None:
    assert AT_ONCE in NAMES
    assert played(at_once=False) == [
        ("enact_risk", WAITS, ""), ("schedule_risk", "", ""), ("enact_risk", WAITS, ""), ("enact_risk", "", ""),
    ]  # fmt: skip
    assert played(at_once=True)[0] == ("enact_risk", "", "")
