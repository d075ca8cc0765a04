"""V7 is red where a harsher term helps an account, and green on honest walks; a change leaves no trace."""

import pytest

from code_planting import planted_code, planted_mirror
from crossvault import scenario
from crossvault.judge.books import read_books
from crossvault.judge.monotony_rules import LAWS, changed_metrics, monotony
from crossvault.walks.random_walk import Walk
from judged_margin import breaches, moments, plant


def test_a_less_certain_price_that_needs_less_margin_is_red() -> None:
    with planted_mirror(plant("doubt-flipped")):
        _, breach = next(breaches(Walk(2, 120).story(), monotony, full=True))
    assert breach.what.endswith("by a lower confidence")
    assert "falls" in breach.what
    assert breach.money_wad and breach.accounts


@pytest.mark.parametrize(
    ("module", "was", "becomes", "what"),
    [
        ("collateral", "fixed.WAD - haircut_wad", "haircut_wad", "higher haircuts"),
        ("margin", "exposure.risk.profit_weight", "fixed.WAD - exposure.risk.profit_weight", "a lower weight"),
    ],
)  # fmt: skip
def test_a_flipped_term_is_red(module: str, was: str, becomes: str, what: str) -> None:
    with planted_code(f"crossvault.mirror.{module}", was, becomes):
        _, breach = next(breaches(Walk(2, 120).story(), monotony, full=True))
    assert f"by {what}" in breach.what
    assert "rises" in breach.what


@pytest.mark.parametrize("name", ["portfolio-mode", "covered-call"])
def test_honest_scenarios_are_green(name: str) -> None:
    assert list(breaches(scenario.load(name), monotony, full=True)) == []


def test_changes_leave_no_trace_and_change_something() -> None:
    """Each law moves the metrics of some account of a walk, and the books are as before."""
    moved = set()
    for moment in moments(Walk(2, 60).story()):
        for account in moment.changed:
            book, was = moment.after.account(account), moment.model.metrics([account], moment.at)[0]
            moved |= {law.what for law in LAWS if changed_metrics(moment.model, law, account, book, moment.at) != was}
        assert read_books(moment.model) == moment.after
    assert moved >= {law.what for law in LAWS} - {"smaller risk offsets"}
