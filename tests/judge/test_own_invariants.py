"""An invariant of the user is checked after every step of run, fuzz and audit, and shrunk as any other."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from cli import start
from crossvault.differential.drive import driven
from crossvault.differential.ending import FAILED, USAGE
from crossvault.differential.last_writes import before_last_step
from crossvault.differential.model import Model
from crossvault.differential.own_code import OwnCode, OwnCodeError
from crossvault.differential.own_rules import GROUP, OwnInvariant, named
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.corpus import stamp
from crossvault.fuzz.task import BROKEN, WalkTask, walk
from crossvault.judge.judge import Judge, JudgePlan
from crossvault.judge.own_invariants import BrokenInvariant, OwnInvariants
from crossvault.scenario import load
from crossvault.shrink.rule_trial import RuleTrial
from crossvault.shrink.shrinker import shrunk
from own_modules import distribution, own_module
from small_scenarios import ACTORS, HEAD, PRICES, problems, scenario_file

TRADE = (
    "steps:\n  - {do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 3 ETH}\n"
    "  - do: trade\n    maker: maker\n    taker: alice\n    instrument: ETH-PERP\n    size: 900 ETH\n"
    "    expect: {refused: InsufficientMargin}\n"
)
SMALL = """\
def small(before, after):
    for account in after.accounts:
        size_wad = after.size_wad(account, "ETH-PERP")
        if size_wad >= 3 * 10**18:
            return f"{account}: {before.size_wad(account, 'ETH-PERP')}, then {size_wad}"
    return True
"""


def rule(folder: Path, text: str, name: str) -> OwnInvariant:
    """An invariant of a new module."""
    reference = f"{own_module(folder, text)}:{name}"
    return OwnInvariant(reference, OwnCode(reference, (str(folder),)))


def steps_of(story: Story, *rules: OwnInvariant) -> list[tuple[Step, Outcome]]:
    """The steps of a story on the model, with invariants of the user. Raises BrokenInvariant."""
    model, guard, done = Model(story.world), Judge(OwnInvariants(rules)), []

    def played(step: Step) -> Outcome:
        guard.before(step, model)
        done.append((step, outcome := model.apply(step)))
        guard.after(step, outcome, model)
        return outcome

    for _ in driven(story.steps(model), played):
        pass
    return done


def story(folder: Path) -> Story:
    return load(scenario_file(folder, HEAD + PRICES + ACTORS + TRADE))


def test_a_rule_sees_the_state_before_and_after_a_step(tmp_path: Path) -> None:
    broken = rule(tmp_path, SMALL, "small")
    with pytest.raises(BrokenInvariant) as found:
        steps_of(story(tmp_path), broken)
    assert str(found.value) == f"{broken.name}: alice: 0, then {3 * 10**18} (trade by broker)"
    assert str(pickle.loads(pickle.dumps(found.value))) == str(found.value)


def test_reading_the_state_before_a_step_changes_nothing() -> None:
    """The state before each step equals the state after the step before it, and the model goes on as without."""
    watched = WalkTask("bad-debt", 1, 100).story()
    other = WalkTask("bad-debt", 1, 100).story()
    model, alone = Model(watched.world), Model(other.world)
    outcomes = [outcome for _, outcome in driven(other.steps(alone), alone.apply)]
    seen = []

    def played(step: Step) -> Outcome:
        known, at = tuple(model.vault.ledger.holders), model.at
        was = model.snapshot(known), model.metrics(known, step.at)
        seen.append(outcome := model.apply(step))
        after = model.snapshot(known)
        with before_last_step(model, at):
            assert (model.snapshot(known), model.metrics(known, step.at)) == was
        assert model.snapshot(known) == after
        return outcome

    for _ in driven(watched.steps(model), played):
        pass
    assert seen == outcomes


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def rule(after): pass", ":1: {}:rule: returns None: expected True, False, or a text"),
        ("def rule(after): return 1", ":1: {}:rule: returns 1: expected True, False, or a text"),
        ("def rule(befor): return True", ":1: {}:rule: no parameter 'befor' is passed: did you mean 'before'?"),
        ("class rule: pass", ":1: {}:rule: is <class"),
        ("def rule(after):\n    return after.globals.insurance", ":2: {}:rule: raises AttributeError"),
        ("def rule(after):\n    return after.metrics(3)", ":2: {}:rule: raises ValueError: 3 is no account"),
        (
            "def rule(after):\n    return after.wallet_raw('a', 'USDX')",
            ":2: {}:rule: raises ValueError: no token 'USDX'",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    odd = rule(tmp_path, text, "rule")
    with pytest.raises(OwnCodeError) as wrong:
        steps_of(story(tmp_path), odd)
    module = odd.name.partition(":")[0]
    assert f"{module}.py{problem.format(module)}" in str(wrong.value)


@pytest.mark.slow
def test_a_broken_rule_is_shrunk_on_the_model(tmp_path: Path) -> None:
    broken = rule(tmp_path, SMALL, "small")
    whole = story(tmp_path)
    steps = [step for step, _ in steps_of(whole)]

    def opened(world: object) -> RuleTrial:
        return RuleTrial(whole.world if world is None else world, judge=JudgePlan([broken]))  # type: ignore[arg-type]  # a function of the test

    least = shrunk(opened(None), steps, 20.0, opened)
    assert least.finding.found[0].field == f"invariant {broken.name}"
    assert least.steps[-1].action == "trade" and least.steps[-1].args["size"] == 3 * 10**18  # not one wei less
    assert len(least.steps) < len(steps)


def test_a_search_in_process_reports_the_rule_and_no_difference(tmp_path: Path) -> None:
    """The contracts have not executed the step that breaks a rule, which is no difference."""
    broken = rule(tmp_path, "def rule(step): return step.action != 'trade'", "rule")
    found = walk(WalkTask("quickstart", 1, 100), compile_contracts(), judge=JudgePlan([broken])).failure
    assert found is not None and found.how == BROKEN and found.steps[-1].action == "trade"
    assert found.text.startswith(f"{broken.name}: does not hold (trade by ")


def test_a_corpus_forgets_walks_when_the_rules_change(tmp_path: Path) -> None:
    one, build = rule(tmp_path, "def rule(step): return True", "rule"), compile_contracts()
    other = rule(tmp_path, SMALL, "small")
    assert len({stamp(build), stamp(build, JudgePlan([one])), stamp(build, JudgePlan([other]))}) == 3


def test_a_scenario_names_rules_and_their_problems_have_a_line(tmp_path: Path) -> None:
    module = own_module(tmp_path, SMALL)
    text = HEAD + PRICES + ACTORS + TRADE
    loaded = load(scenario_file(tmp_path, f'{text}invariants: ["{module}:small"]\n'))
    assert [each.name for each in loaded.invariants] == [f"{module}:small"]
    assert loaded.hash != load(scenario_file(tmp_path, text)).hash
    [found] = problems(scenario_file(tmp_path, f'{text}invariants:\n  - "{module}:smal"\n  - "{module}:small"\n'))
    line = text.count("\n") + 2
    assert found.startswith(f":{line}: invariants[0]: ") and "did you mean 'small'?" in found


@pytest.mark.parametrize("command", [["run", "quickstart"], ["fuzz"], ["audit", "--rpc", "http://127.0.0.1:1"]])
def test_a_rule_that_is_not_there_is_bad_usage(command: list[str]) -> None:
    done = start(*command, "--invariant", "nothing", *(["--vault", "0x" + "1" * 40] if command[0] == "audit" else []))
    assert done.returncode == USAGE and done.stdout == ""
    assert "--invariant: 'nothing' is no invariant: expected module:function" in done.stderr


@pytest.mark.parametrize("text", [":rule", "rules:", "../rules:rule", "rules.py:", "a b:c"])
def test_what_is_no_reference_is_named_as_it_stands(text: str) -> None:
    with pytest.raises(OwnCodeError, match="is no reference: expected module:name") as found:
        named([text], (), {})
    assert str(found.value).startswith(repr(text))


@pytest.mark.slow
def test_a_run_is_stopped_by_a_rule_and_its_smallest_story_is_a_test_of_it(tmp_path: Path) -> None:
    module = own_module(tmp_path, SMALL)
    scenario_file(tmp_path, HEAD + PRICES + ACTORS + TRADE)
    done = start("run", "story.yaml", "--invariant", f"{module}:small", "--record", "r.jsonl", folder=tmp_path)
    assert done.returncode == FAILED and f"{module}:small: alice: 0, then {3 * 10**18}" in done.stdout
    least = start("shrink", "r.jsonl", "--invariant", f"{module}:small", folder=tmp_path)
    assert least.returncode == FAILED and f"invariant {module}:small" in least.stdout, least.stderr
    again = start("run", "r.repro.yaml", "--no-record", folder=tmp_path)  # the file names the rule
    assert again.returncode == FAILED and f"{module}:small: " in again.stdout
    assert start("run", "story.yaml", "--no-record", folder=tmp_path).returncode == 0


@pytest.mark.slow
def test_the_rules_of_installed_packages_hold_in_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = own_module(tmp_path, SMALL)
    distribution(tmp_path, GROUP, small=f"{module}:small")
    monkeypatch.syspath_prepend(str(tmp_path))
    scenario_file(tmp_path, HEAD + PRICES + ACTORS + TRADE)
    done = start("run", "story.yaml", "--no-record", folder=tmp_path)
    assert done.returncode == FAILED and "small: alice: 0, then" in done.stdout
