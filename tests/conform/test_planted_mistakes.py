"""`conform` names the clause that a mistake breaks, and names it first: in the example, and in the vault that ships."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from clause_mutants import Case, accused, cases, mistaken, own
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.search import Recordings, SearchPlan, examine
from crossvault.conform.subject import Subject
from crossvault.conform.verdict import AGREES, UNSUPPORTED
from woven_example import Mistake, woven

LEAST_SHARE = 0.8
IN_EXAMPLE = [
    Mistake("PerpVault.sol", "address to) external {\n        ", "_requireRunning();", "this;",
            "a paused vault: no withdrawal"),
    Mistake("PerpVault.sol", "", "cash[account] += int256(amount);",
            "_requireRunning(); cash[account] += int256(amount);", "a paused vault: deposits go on"),
    Mistake("PerpMargin.sol", "", "block.timestamp - printed > risks[underlying].heartbeatSecs",
            "block.timestamp - printed >= risks[underlying].heartbeatSecs", "a stale price:"),
    Mistake("PerpVault.sol", "", "_product(size, priceWad, Math.Rounding.Ceil)",
            "_product(size, priceWad, Math.Rounding.Floor)", "quote: the taker's by -ceil(price * size)"),
    Mistake("PerpMargin.sol", "", "Math.max(risk.initialRate, term)", "risk.initialRate",
            "initial: the rate is the size term where that is more"),
]  # fmt: skip
RARER = [
    Mistake("PerpMargin.sol", "", "Math.max(risk.maintenanceRate, term)", "risk.maintenanceRate",
            "maintenance: the scaled size term where that is more"),
    Mistake("PerpMargin.sol", "", "print.premium > most ? most : print.premium < -most ? -most : print.premium",
            "print.premium < -most ? -most : print.premium", "the premium is cut at the mark band"),
    Mistake("PerpMargin.sol", "", "profit > 0 ? _product(profit, risk.profitWeight, Math.Rounding.Floor) : profit",
            "profit", "profits count in part at initial"),
    Mistake("PerpVault.sol", "if (", "cost > limitWad", "cost >= limitWad",
            "a bid above the bidder's limit is refused"),
    Mistake("PerpVault.sol", "return ", "margin + _product(margin - equity, terms.bufferWad, Math.Rounding.Floor)",
            "margin + _product(margin, terms.bufferWad, Math.Rounding.Floor)", "margin with buffer:"),
    Mistake("PerpVault.sol", "", "cash[account] += position.quote;",
            "if (position.quote > 0) cash[account] += position.quote;",
            "a size that returns to zero turns its quote into cash"),
]  # fmt: skip
SEARCH = SearchPlan(seed=1, steps=0, stories=(), corners=False, on_anvil=False)
WALKED = SearchPlan(seed=1, steps=2_500, stories=(), on_anvil=False, shortened=1)
LONGER = SearchPlan(
    seed=1, steps=0, stories=("expiry-day", "funding-squeeze", "portfolio-mode"), on_anvil=False, shortened=1
)


@pytest.fixture(scope="module")
def kept() -> Recordings:
    """The recordings of the model, which all vaults of a kind share."""
    return {}


@pytest.fixture(scope="module")
def in_example(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    return woven(tmp_path_factory.mktemp("woven"), [*IN_EXAMPLE, *RARER])


def named_first(vault: Subject, kept: Recordings, plan: SearchPlan = SEARCH) -> str:
    return next(iter(accused(examine(vault, plan, kept=kept))), "")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(IN_EXAMPLE)), ids=[each.clause for each in IN_EXAMPLE])
def test_a_mistake_in_the_example_is_of_its_clause(number: int, in_example: list[Subject], kept: Recordings) -> None:
    assert named_first(in_example[number], kept).startswith(IN_EXAMPLE[number].clause)


@pytest.mark.campaign
@pytest.mark.parametrize("number", range(len(RARER)), ids=[each.clause for each in RARER])
def test_a_rarer_mistake_in_the_example_is_of_its_clause(
    number: int, in_example: list[Subject], kept: Recordings
) -> None:
    assert named_first(in_example[len(IN_EXAMPLE) + number], kept, WALKED).startswith(RARER[number].clause)


@pytest.mark.slow
def test_the_vault_that_ships_agrees_with_every_clause() -> None:
    report = examine(own(), LONGER)
    assert report.agrees and accused(report) == []
    states = {each.clause.text: each.state for each in report.verdicts}
    assert {each.clause.section for each in report.verdicts if each.state == UNSUPPORTED} == {"Orders"}
    assert states["a paused vault: deposits go on"] == states["a paused vault: a liquidation may end"] == AGREES
    assert {text for text, state in states.items() if state != AGREES} == {
        "signed orders are filled",
    }


def test_mistakes_are_of_clauses_that_exist() -> None:
    listed = cases()
    clauses = {each["clause"] for each in listed}
    assert clauses <= {each.text for each in CLAUSES}
    assert len(listed) >= 40 and len(clauses) >= 20
    assert len({each["id"] for each in listed}) == len(listed)


@pytest.mark.campaign
def test_most_mistakes_in_the_vault_that_ships_are_of_their_clause(capsys: pytest.CaptureFixture[str]) -> None:
    listed = cases()
    vaults = mistaken(listed, own())
    recordings: Recordings = {}
    found: dict[str, list[str]] = {}
    with capsys.disabled():
        for number, each in enumerate(listed, 1):
            found[each["id"]] = named_by(vaults[each["id"]], recordings)
            print(
                f"{number} of {len(listed)}: {each['id']}: {', '.join(found[each['id']][:1]) or 'nothing'}", flush=True
            )
        print(confusion(listed, found))
    right = [each["id"] for each in listed if found[each["id"]][:1] == [each["clause"]]]
    assert len(right) >= LEAST_SHARE * len(listed), sorted({each["id"] for each in listed} - set(right))


def named_by(vault: Subject, recordings: Recordings) -> list[str]:
    return accused(examine(vault, LONGER, kept=recordings))


def confusion(listed: list[Case], found: Mapping[str, list[str]]) -> str:
    """The confusion table: each clause, how many of its mistakes were put to it, and to which others."""
    rows = []
    for clause in dict.fromkeys(each["clause"] for each in listed):
        firsts = [(found[each["id"]] or ["nothing"])[0] for each in listed if each["clause"] == clause]
        others = ", ".join(sorted({each for each in firsts if each != clause}))
        rows.append(f"| {clause} | {firsts.count(clause)} of {len(firsts)} | {others} |")
    return "\n".join(["", "| clause of the mistake | named first | instead |", "|---|---|---|", *rows])
