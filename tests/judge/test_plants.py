"""Mistakes that contract and mirror share are red by the rule that owns them: tests/plants.yaml.

`crossvault campaign --only plants` searches for each with the steps of a default `fuzz` of a minute, in two processes.
A row for each search: mistake, its rule, the rule that was red, others, steps, seconds of a processor, the walk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from code_planting import planted_mirror
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story, step_stream
from crossvault.evm.chain import Chain
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.fuzz.pieces import CORNERS, PIECES, POINTS
from crossvault.fuzz.task import WalkTask
from crossvault.judge.table import RULES
from crossvault.lockstep.run import run
from crossvault.mirror import fixed, standard
from crossvault.mutation.mutant_run import MOST_CODE
from crossvault.walks.random_walk import Walk
from places import TESTS
from plant_search import NONE, Collector, PlantRow, red_in, searched
from planting import planted, planted_folder

Case = Mapping[str, Any]
PLANTS: list[Case] = yaml.safe_load((TESTS / "plants.yaml").read_text(encoding="utf8"))
BOTH = [case for case in PLANTS if "file" in case]
RED_IN = {  # a mistake and a walk in which the rule is soon red
    "V1": ("total-kept", "quickstart", 1),
    "V2": ("maker-sells-half", "quickstart", 1),
    "V3": ("fund-credited-unpaid", "first-liquidation", 1),
    "V4": ("batch-unchecked", "portfolio-mode", 1),
    "V5": ("fee-of-a-third-party", "first-liquidation", 1),
    "V6": ("accrued-not-noted", "quickstart", 1),
    "V7": ("doubt-flipped", "points", 1),
    "V9": ("operators-for-good", "orders", 2),
    "V10": ("refusal-leaves-a-write", "quickstart", 1),
    "V11": ("event-of-another-balance", "quickstart", 1),
    "V12": ("filled-again", "covered-call", 1),
    "V13": ("settled-at-twice-the-price", "expiry-day", 1),
    "V14": ("traded-at-the-end", "expiry-day", 1),
    "V15": ("withdrawn-into-debt", "points", 1),
    "V16": ("withdrawn-over-deficits", "bad-debt", 1),
    "V17": ("deficits-never-fall", "bad-debt", 1),
    "V18": ("reserve-of-unpaid-interest", "points", 1),
    "V19": ("fund-pays-a-bonus", "first-liquidation", 1),
    "V20": ("makers-paid-less", "quickstart", 1),
    "V21": ("insolvent-never-sold", "bad-debt", 1),
    "V22": ("discount-counted-twice", "first-liquidation", 1),
    "V23": ("healthy-account-sold", "steps", 1),
    "V24": ("own-bids-allowed", "first-liquidation", 1),
    "V25": ("payout-doubled", "bad-debt", 1),
    "V26": ("cancelled-filled", "covered-call", 1),
    "V27": ("any-price-passes", "corners", 1),
    "V28": ("quotes-stay-behind", "first-liquidation", 1),
    "V29": ("haircuts-ignored", "quickstart", 1),
    "V30": ("risk-rises-in-a-pause", "steps", 4),
    "V31": ("rights-are-mutual", "points", 1),
    "V32": ("enacted-at-once", "portfolio-mode", 1),
    "V33": ("funding-of-the-new-price", "funding-squeeze", 1),
    "V34": ("any-deficit-locks", "bad-debt", 1),
    "V35": ("futures-bear-no-basis", "desks", 1),
    "V36": ("makers-paid-less", "quickstart", 1),
    "V37": ("greeks-of-one-unit", "expiry-day", 1),
    "V38": ("settled-interest-stays", "expiry-day", 1),
}
MOST = 300  # steps of a walk
LAWS = {"V8"}  # of the arithmetic, with tests in tests/mirror
LEAST, BLIND, EQUAL_STEPS = 60, 20, 600
BY_ID = {case["id"]: case for case in PLANTS}


def test_the_list_is_long_enough_and_names_each_mistake_once() -> None:
    assert len(BY_ID) == len(PLANTS) >= LEAST
    assert sum(bool(case.get("blind")) for case in PLANTS) >= BLIND <= len(BOTH)
    assert all({"id", "why", "rule", "mirror", "mirror was", "mirror becomes"} <= set(case) for case in PLANTS)


def test_every_rule_of_the_table_owns_a_mistake() -> None:
    assert {rule.number for rule in RULES} <= {case["rule"] for case in PLANTS}


def test_every_rule_of_the_table_has_a_quick_mistake() -> None:
    assert set(RED_IN) == {rule.number for rule in RULES}


@pytest.mark.parametrize("rule", RED_IN)
def test_a_rule_is_red(rule: str) -> None:
    name, kind, seed = RED_IN[rule]
    assert red_in(BY_ID[name], WalkTask(kind, seed, MOST), rule)


def test_the_mirror_is_its_own_again_after_a_mistake() -> None:
    own = standard.absorb.__code__
    with planted_mirror(BY_ID["haircuts-ignored"]), planted_mirror(BY_ID["shorts-of-puts-free"]):
        assert standard.absorb.__code__ is not own
    assert standard.absorb.__code__ is own
    assert fixed.mul_div_up(7, 1, 2) == 4


def test_every_mistake_can_be_planted_in_the_mirror() -> None:
    for case in PLANTS:
        with planted_mirror(case):
            pass


@pytest.mark.campaign
def test_both_sides_of_a_mistake_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a random walk, in process: a difference is a plant that is wrongly written."""
    builds = planted(BOTH)
    monkeypatch.setattr(InProcessChain, "most_code", MOST_CODE)
    differing = []
    for number, case in enumerate(BOTH, 1):
        build, switch = builds[case["id"]]
        monkeypatch.setattr(InProcessChain, "mix", switch)
        story = Walk(number, EQUAL_STEPS).story()
        with planted_mirror(case):
            result = run_in_process(story, Model(story.world), InProcessChain(story.world, build))
        if result.failure is not None:
            differing.append(f"{case['id']}: {result.failure}")
    assert differing == []


@pytest.mark.campaign
def test_every_mistake_is_red_by_the_rule_that_owns_it(tmp_path: Path) -> None:
    build, rows = compile_contracts(), list[PlantRow]()
    listed = {rule.number for rule in RULES}
    for case in PLANTS:
        if case["rule"] not in listed:
            assert case["rule"] in LAWS
            continue
        rows.append(searched(case, build))
        print(rows[-1], flush=True)
        if "file" in case and rows[-1].story:
            assert _agrees_on_anvil(case, rows[-1], tmp_path), f"{case['id']}: the sides differ on Anvil"
    unseen = [row.plant for row in rows if not row.found]
    by_rule = Counter(row.rule for row in rows if row.found)
    print(f"{len(rows) - len(unseen)} of {len(rows)} red by their rule: {dict(by_rule)}", flush=True)
    assert unseen == []


def _agrees_on_anvil(case: Case, row: PlantRow, folder: Path) -> bool:
    """Whether contracts and mirror with a mistake agree on Anvil, on the steps that turn its rule red."""
    assert row.world is not None
    story = Story("", "", 0, "", row.world, (), (), len(row.story), lambda model: step_stream(row.story))
    chain = Chain(row.world, planted_folder(case, folder / case["id"]))
    try:
        with planted_mirror(case):
            return run(story, Model(row.world), chain).failure is None
    finally:
        chain.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CORNERS, POINTS])
def test_an_honest_set_piece_breaks_no_rule(kind: str) -> None:
    """Accounts that a refused call has touched, and that hold nothing, among them."""
    collector, story = Collector(NONE), WalkTask(kind, 1, PIECES[kind].most).story(compile_contracts())
    model = Model(story.world)

    def applied(step: Step) -> Outcome:
        collector.before(step, model)
        outcome = model.apply(step)
        collector.after(step, outcome, model)
        return outcome

    assert sum(1 for _ in driven(story.steps(model), applied)) > 200
    assert collector.fired == {}
