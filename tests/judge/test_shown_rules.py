"""V35 and V37: shown figures and split holdings, each red by a planted mistake or a story, honest walks green."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.ending import BrokenInvariant
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.fuzz.task import WalkTask
from crossvault.judge.judge import Judge
from crossvault.judge.rule import Rule
from crossvault.judge.shown_rules import shown_greeks, shown_scenarios
from crossvault.mirror.vault import Vault
from crossvault.scenario import load
from places import TESTS

GREEKS = Rule("V37", "greeks", shown_greeks, 3)
SCENARIOS = Rule("V37", "scenarios", shown_scenarios, 5)


def judged(story: Story, *rules: Rule) -> int:
    """Plays a story on the model under some rules; returns how many steps it has. Raises BrokenInvariant."""
    model, judge, count = Model(story.world), replace(Judge(), rules=rules), 0

    def applied(step: Step) -> Outcome:
        nonlocal count
        judge.before(step, model)
        outcome = model.apply(step)
        judge.after(step, outcome, model)
        count += 1
        return outcome

    for _ in driven(story.steps(model), applied):
        pass
    return count


@pytest.mark.parametrize("task", [WalkTask("steps", 3, 150), WalkTask("desks", 9, 200)])
def test_honest_walks_show_what_the_judge_finds(task: WalkTask) -> None:
    assert judged(task.story(), GREEKS, SCENARIOS) > 20


def test_theta_of_a_far_strike_is_within_the_error_of_its_logarithm() -> None:
    story = load(str(TESTS / "judge" / "theta-of-a-far-strike.repro.yaml"))
    assert judged(story, GREEKS._replace(share=1)) == 11


@pytest.mark.parametrize("name", ["delta_wad", "gamma_wad", "vega_wad", "theta_wad"])
def test_a_greek_that_is_off_is_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Vault.greeks

    def off(self: Vault, *args: Any, **named: Any) -> Any:
        return tuple(
            replaced(each, name, getattr(each, name) * 1_000_001 // 1_000_000) for each in plain(self, *args, **named)
        )

    monkeypatch.setattr(Vault, "greeks", off)
    with pytest.raises(BrokenInvariant, match=f"V37: {name.removesuffix('_wad')} of "):
        judged(WalkTask("covered-call", 1, 200).story(), GREEKS._replace(share=1))


def test_a_scenario_profit_that_is_off_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Vault.scenarios

    def off(self: Vault, *args: Any, **named: Any) -> Any:
        table, worst = plain(self, *args, **named)
        table.profits_wad = [[each + 10**12 for each in row] for row in table.profits_wad]  # a millionth of a dollar
        return table, worst

    monkeypatch.setattr(Vault, "scenarios", off)
    with pytest.raises(BrokenInvariant, match="V37: profit 0 of "):
        judged(WalkTask("desks", 9, 200).story(), SCENARIOS._replace(share=1))


def replaced(greeks: Any, name: str, value: int) -> Any:
    """Greeks with one of them replaced."""
    return greeks._replace(**{name: value}) if hasattr(greeks, "_replace") else replace(greeks, **{name: value})
