"""A broken rule is shrunk as a difference is, and the largest difference that was seen is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.__main__ import main
from crossvault.differential import doors
from crossvault.differential.compare import Difference
from crossvault.differential.ending import FAILED
from crossvault.differential.step import Step
from crossvault.mirror import collateral
from crossvault.mirror.vault import Vault
from crossvault.report.shrink import largest_line
from crossvault.shrink.largest import amount_of, largest
from crossvault.shrink.rule_trial import RuleTrial
from crossvault.shrink.shrinker import shrink, shrunk
from crossvault.walks.random_walk import Walk
from shrinking import broken, found

UNPAID = (
    "Custody.sol", "        uint256 amountWad = pullQuote(amountRaw);\n        ledger.cash.insuranceWad += amountWad;",
    "        Collateral.requireAmount(amountRaw, ledger.cash.decimals);\n"
    "        ledger.cash.insuranceWad += Collateral.toWad(amountRaw, ledger.cash.decimals);",
)  # fmt: skip
SPREAD = ("Standard.sol", "            + Fixed.mulDivUp(self.grossWad2, spread, Fixed.WAD_SQUARED);", ";")


@pytest.fixture
def unpaid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the model: the insurance fund grows, without a payment."""

    def fund_insurance(self: Vault, amount_raw: int, *, sender: str) -> None:
        decimals = self.ledger.cash.decimals
        collateral.require_amount(amount_raw, decimals)
        self.ledger.cash.insurance_wad += collateral.to_wad(amount_raw, decimals)
        self.emit("InsuranceFunded", sender, amount_raw, self.ledger.cash.insurance_wad)

    monkeypatch.setattr(Vault, "fund_insurance", fund_insurance)


def funded(walk: Walk) -> list[Step]:
    """The set-up of a walk and a gift to the insurance fund."""
    at = walk.world.starts_at
    return [*walk.setup(), doors.fund_insurance(at, "owner0", amount_raw=12_345_678)]


def test_a_broken_rule_is_shrunk_to_the_call_that_breaks_it(unpaid: None) -> None:
    walk = Walk(1, 0)
    least = shrunk(RuleTrial(walk.world), funded(walk), 20.0, RuleTrial)
    [step], [first] = least.steps, least.finding.found
    assert step.action == "fund_insurance" and step.args["amount_raw"] == 1
    assert first.field == "invariant V3" and "e-45" in first.chain and "(" not in first.chain
    assert len(least.world.tokens) == 1


@pytest.mark.slow
def test_a_search_shows_a_broken_rule_as_it_shows_a_difference(
    unpaid: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mistake is on both sides, so that nothing but the rule is broken."""
    contracts = ["--contracts", str(broken(tmp_path / "contracts", UNPAID))]
    assert main(["fuzz", "--steps", "3000", "-j", "1", "--corpus", str(tmp_path), *contracts]) == FAILED
    out = capsys.readouterr().out
    for text in ("in process: V3: ", "on Anvil: ", "invariant V3", "1 calls, 0 accounts", "to play it: "):
        assert text in out, text
    assert "Step(" not in out
    [repro] = (tmp_path / "found").glob("*.repro.yaml")
    assert "A rule was broken" in repro.read_text(encoding="utf8")
    assert main(["run", str(repro), *contracts]) == FAILED


def test_the_largest_difference_of_money_is_chosen_with_its_part() -> None:
    world = Walk(1, 0).world
    fields = ("a.metrics.health_wad", "a.metrics.equity_wad", "a.metrics.initial_requirement_wad", "Traded.size")
    values = ((9 * 10**30, 0), (99 * 10**18, 100 * 10**18), (150 * 10**18, 100 * 10**18), (10**25, 1))
    found = [Difference(field, *pair) for field, pair in zip(fields, values, strict=True)]
    seen = largest(found, (), world)
    assert seen and seen.wei == 50 * 10**18 and seen.share == 0.5
    assert largest(found[:1], (), world) is None


@pytest.mark.slow
def test_a_mistake_of_logic_that_shrinks_to_little_shows_its_largest_difference(tmp_path: Path) -> None:
    contracts = broken(tmp_path, SPREAD)
    world, steps, failure = found(contracts, seed=3)
    least = shrink(world, steps, contracts, 20.0, failure=failure)
    smallest = amount_of(least.finding.found[0])
    assert smallest and least.largest and abs(least.largest.wei) > 10**15 > abs(smallest.wei)
    assert "largest difference seen: " in largest_line(least) and " %)" in largest_line(least)


@pytest.mark.slow
def test_a_search_writes_the_largest_difference_as_a_repro_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contracts = broken(tmp_path / "contracts", SPREAD)
    words = ["--contracts", str(contracts)]
    assert main(["fuzz", "--steps", "2000", "-j", "1", "--corpus", str(tmp_path), *words]) == FAILED
    assert "the largest difference: " in capsys.readouterr().out
    [repro] = (tmp_path / "found").glob("*-largest.repro.yaml")
    assert main(["run", str(repro), *words]) == FAILED
