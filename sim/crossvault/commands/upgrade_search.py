"""`crossvault fuzz --against`: random walks on two versions of the contracts until one of them shows a change."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.commands.failure import after_finding
from crossvault.commands.progress import bar
from crossvault.commands.sides import command, shown
from crossvault.commands.upgrade import OpenedVersions, opened_versions
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, MISSED, words
from crossvault.differential.step import Step
from crossvault.differential.story import Story, step_stream
from crossvault.fuzz.campaign import CampaignPlan, CampaignResult, FuzzCampaign
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.task import WalkResult
from crossvault.lockstep.run import Diverged
from crossvault.report import shrink as smallest
from crossvault.report.console import show
from crossvault.report.fuzz import document, reached
from crossvault.report.upgrade import changes, code_document, document as story_document, head, version_difference
from crossvault.scenario.repro import SUFFIX, text
from crossvault.setup import toolchain
from crossvault.setup.notices import notice
from crossvault.shrink.saved import repro, repro_of
from crossvault.shrink.shrinker import NoDivergence, ShrinkResult
from crossvault.upgrade.version_run import VersionRun, play_versions
from crossvault.upgrade.version_trial import shrink_versions
from crossvault.upgrade.version_walk import VersionWalks

_SHRINK_SECS = 30.0
_LONGEST = 31  # of a name in a repro


class VersionFinding(NamedTuple):
    """A walk that shows a change: its story up to there, its repro, what changes in it, and the smallest story."""

    walked: WalkResult
    story: Story
    steps: tuple[Step, ...]
    repro: Path
    ran: VersionRun
    small: ShrinkResult | None


def fuzz_versions(arguments: Namespace, plan: CampaignPlan) -> int:
    """Plays a campaign on two versions; FAILED where a walk, the storage or the interface changes."""
    opened = opened_versions(arguments.contracts, arguments.against)
    versions, as_json = opened.versions, arguments.json
    if not as_json:
        show(head(opened.names, opened.code))
        notice(f"from seed {plan.seed}, {plan.jobs} at a time")
    play = VersionWalks(versions.old, versions.new)
    campaign = FuzzCampaign(plan, versions.ours, Corpus(None, versions.ours), play=play)
    with bar("fuzz", plan.steps or 0) as tick:
        found = campaign.run(tick, lambda walked: _note(walked, as_json))
    finding = None
    with after_finding(lambda: bool(found.failures)):
        finding = _followed(opened, found) if found.failures else None
    _show(opened, found, finding, arguments)
    if found.failures or opened.code.is_red:
        return FAILED
    if found.interrupted:
        return INTERRUPTED
    return DONE if found.reach.steps else MISSED


def _note(walked: WalkResult, as_json: bool) -> None:
    """Prints a change as soon as a walk shows it."""
    assert walked.failure is not None
    task = walked.task
    line = f"✖ {task.kind}, seed {task.seed}: {walked.failure.text}"
    print(line, file=sys.stderr if as_json else sys.stdout, flush=True)


def _followed(opened: OpenedVersions, found: CampaignResult) -> VersionFinding:
    """The shortest walk that shows a change, written as a repro, then made smaller."""
    walked = min(found.failures, key=lambda each: len(each.failure.steps) if each.failure else 0)
    assert walked.failure is not None
    versions, task, steps = opened.versions, walked.task, walked.failure.steps
    name = f"{task.kind}-{task.seed}"[:_LONGEST]
    story = replace(
        task.story(versions.ours), name=name, expected_steps=len(steps), steps=lambda model: step_stream(steps)
    )
    path = toolchain.state_dir() / "fuzz" / "found" / f"{name}-{versions.old.hash[:8]}-{versions.new.hash[:8]}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    origin = {"contracts": versions.new.hash, "against": versions.old.hash, "seed": task.seed, "source": name}
    path.write_text(text(repro_of(story.world, steps, walked.failure.found[0], name, origin)), encoding="utf8")
    small = _shrunk(opened, walked, story)
    if small:
        path.write_text(text(repro(small, name, versions.new.hash, origin)), encoding="utf8")
        least = small.steps
        story = replace(story, world=small.world, steps=lambda model: step_stream(least))
    return VersionFinding(walked, story, steps, path, play_versions(story, versions), small)


def _shrunk(opened: OpenedVersions, walked: WalkResult, story: Story) -> ShrinkResult | None:
    failure = walked.failure
    assert failure is not None
    steps = failure.steps
    with bar("shrinking", len(steps)) as tick:
        try:
            diverged = Diverged(len(steps), steps[-1], failure.found)
            return shrink_versions(story.world, opened.versions, diverged, steps, _SHRINK_SECS, tick)
        except (NoDivergence, KeyboardInterrupt) as cut:
            notice(f"not made smaller: {words(cut)}")
            return None


def _again(finding: VersionFinding, arguments: Namespace) -> str:
    """The command that plays a finding again."""
    old = f" --contracts {shlex.quote(arguments.contracts)}" if arguments.contracts else ""
    return f"{command()} run {shlex.quote(shown(finding.repro))}{old} --against {shlex.quote(arguments.against)}"


def _show(opened: OpenedVersions, found: CampaignResult, finding: VersionFinding | None, arguments: Namespace) -> None:
    if arguments.json:
        body = document(found, found.reach) | code_document(opened.names, opened.code)
        print(json.dumps(body | {"finding": finding and _document(finding, arguments)}, indent=2))
        return
    for each in reached(found):
        show(each)
    if finding:
        if finding.small:
            show(smallest.text(finding.small))
        show(changes(finding.ran))
        print(f"repro: {shown(finding.repro)}\nto play it: {_again(finding, arguments)}")
    elif not found.failures:
        print(_verdict(found, opened))


def _verdict(found: CampaignResult, opened: OpenedVersions) -> str:
    if not found.reach.steps:
        return "no step was compared: nothing is known"
    if opened.code.is_red:
        return "what is stored or called is not as it was; no walk shows a change"
    return f"no change: {found.reach.steps:,} steps and {found.metrics:,} margins are the same on both versions"


def _document(finding: VersionFinding, arguments: Namespace) -> dict[str, Any]:
    task, failure = finding.walked.task, finding.walked.failure
    assert failure is not None
    small = finding.small
    return {
        "walk": task.kind,
        "seed": task.seed,
        "step": len(failure.steps),
        "failure": failure.text,
        "differences": _differences(failure.found),
        "story": story_document(finding.ran),
        "repro": shown(finding.repro),
        "steps": len(small.steps if small else failure.steps),
        "is_smallest": bool(small and small.finished),
        "to_play_it": _again(finding, arguments),
    }


def _differences(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [version_difference(each) for each in found]
