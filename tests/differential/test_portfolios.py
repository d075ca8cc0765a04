"""Portfolio margin: probes and mirror return equal results for equal accounts and parameters."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from crossvault.evm.codec import snake
from crossvault.mirror import correlation, portfolio, shock, stress
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.shock import MAX_SCENARIOS
from crossvault.mirror.stress import HeldExposures
from inputs import AMOUNT, EXPIRY, LEVEL, LINE, RATIO, nearly
from portfolio_inputs import (
    ANY_PARTS,
    ANY_SCENARIO,
    AT_A_LEVEL,
    BASIS_RISK,
    CONTINGENCY,
    CORRELATION,
    EXPIRY_HOLDINGS,
    EXPOSURE,
    EXPOSURES,
    FACTORS,
    HEDGE,
    LINES,
    LOSS,
    LOSS_TABLE,
    LOSS_TERMS,
    MATRIX,
    MODE,
    PRICED_EXPIRY,
    PROFIT,
    RATE_RISK,
    REPEATED_LINES,
    RISK,
    SCENARIO,
    SCENARIOS,
    SHAPE,
    SHARED,
    SHOCK,
    SIZE,
    SKEW_RISK,
    UNDERLYING_LOSS,
    UNDERLYING_LOSSES,
    VOL_RISK,
    any_of,
    many,
    nearly_valid_matrix,
    nearly_valid_risk,
    profits,
    rules,
)
from probing import Either, Generated, Integer, Probes, assert_equal, plain, started
from profiles import chosen, source


def leg_args(random: Random) -> dict[str, Any]:
    scenarios = SCENARIOS.draw(random)
    profits = [PROFIT.draw(random) for _ in scenarios]
    return {"scenarios": scenarios, "profits_wad": profits, "basis_wad": Integer(-(2**177), 0).draw(random)}


def joint_args(random: Random) -> dict[str, Any]:
    count = random.choice([0, 1, 3])
    return {"profits_wad": [profits(random, count) for _ in range(random.randrange(4))], "scenarios": count}


def enter_args(random: Random) -> dict[str, Any]:
    """A table of at least one underlying, and another exposure to one of them, or none."""
    stakes, scenarios = [EXPOSURE.draw(random), *EXPOSURES.draw(random)], SCENARIOS.draw(random)
    table = correlation.outlook(stakes, scenarios)
    place = random.randrange(len(stakes))
    return {"self": table, "place": place, "stake": former(random, stakes[place]), "scenarios": scenarios}


def former(random: Random, stake: PortfolioExposure) -> PortfolioExposure:
    """An exposure to the same underlying: none, one without options, or any other."""
    bare = PortfolioExposure(stake.risk, stake.index_wad, confidence_wad=stake.confidence_wad)
    kind = random.randrange(3)
    if kind == 0:
        return bare
    other: PortfolioExposure = EXPOSURE.draw(random)
    if kind == 1:
        return replace(bare, net_wad2=other.net_wad2, gross_size_wad=other.gross_size_wad)
    return replace(other, risk=stake.risk, index_wad=stake.index_wad)


def change(random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of `requirement` for exposures, and for others of none, one or several of their underlyings."""
    stakes = [EXPOSURE.draw(random), *EXPOSURES.draw(random)]
    stakes = [each if random.random() < 0.8 else PortfolioExposure(each.risk, each.index_wad) for each in stakes]
    places = random.sample(range(len(stakes)), random.randrange(len(stakes) + 1))
    formers = [former(random, each) if place in places else each for place, each in enumerate(stakes)]
    shared = {"rules": rules(random), **_price_and_level(random)}
    return {"held": HeldExposures(stakes, [], []), **shared}, {"held": HeldExposures(formers, [], []), **shared}


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[bool]:
    """Whether the exposure of each underlying differs."""
    return [was != becomes for was, becomes in zip(before["held"].stakes, after["held"].stakes, strict=True)]


def reassess_args(random: Random) -> dict[str, Any]:
    """An account with the losses of another one that differs in none, one or several underlyings."""
    after, before = change(random)
    _, found = stress.assess(**after)
    changed = differing(before, after)
    return {**before, "changed": changed, "found": found}


def _price_and_level(random: Random) -> dict[str, Any]:
    return {"quote_wad": Integer(0, 2 * WAD).draw(random), "level": LEVEL.draw(random)}


HELD = Generated(lambda random: HeldExposures(EXPOSURES.draw(random), [], []))

PORTFOLIO: Mapping[Any, Mapping[str, Any]] = {
    shock: {
        "forward": {"fixed_wad": AMOUNT, "floating_wad": AMOUNT, "spot_shock": SHOCK},
        "breadth": {"risk": VOL_RISK, "secs": EXPIRY},
        "shape": {"vol_risk": VOL_RISK, "skew_risk": SKEW_RISK, "secs": EXPIRY},
        "vol": {"self": SHAPE, "vol_wad": AMOUNT, "apart_wad": Integer(-(2**67), 2**67), "mode": MODE},
        "isSkew": {"mode": Integer(0, 255)},
        "discounts": {"risk": RATE_RISK, **FACTORS},
        "requireScenarios": {"scenarios": Either([
            many(SCENARIO.draw, [0, 1, MAX_SCENARIOS, MAX_SCENARIOS + 1]),
            many(nearly(SCENARIO, ANY_SCENARIO).draw, [1, 2]),
        ])},
        "requireVol": {"risk": nearly(VOL_RISK, ANY_PARTS["vol"])},
        "requireSkew": {"risk": nearly(SKEW_RISK, ANY_PARTS["skew"])},
        "requireRate": {"risk": nearly(RATE_RISK, ANY_PARTS["rate"])},
    },
    portfolio: {
        "isModelled": {"risk": Either([RISK, Generated(lambda random: portfolio.PortfolioRisk())])},
        "stake": {"self": EXPOSURE, "size": SIZE, "price_wad": Integer(0, 2**97)},
        "outcomes": {"self": EXPOSURE, "scenarios": SCENARIOS},
        "ready": {"term": EXPIRY_HOLDINGS, "risk": RISK},
        "shocked": SHARED,
        "basis": {"self": PRICED_EXPIRY, "risk": BASIS_RISK},
        "worst": {"profits_wad": many(Integer(-3, 3).draw, [0, 1, 5, 32])},
        "loss": {"least_wad": PROFIT, "basis_wad": Integer(-(2**177), 0)},
        "contingency": AT_A_LEVEL,
        "perpContingency": AT_A_LEVEL,
        "optionContingency": {**AT_A_LEVEL, "term": EXPIRY_HOLDINGS},
        "naked": {"lines": Either([LINES, REPEATED_LINES])},
        "hedgeContingency": {"risk": CONTINGENCY, "hedge": HEDGE, "level": LEVEL},
        "doubt": AT_A_LEVEL,
        "doubtRate": {"risk": CONTINGENCY, "confidence_wad": RATIO},
        "requireValid": {"risk": Generated(nearly_valid_risk)},
    },
    correlation: {
        "outlook": {"stakes": EXPOSURES, "scenarios": SCENARIOS},
        "enter": enter_args,
        "leg": leg_args,
        "joint": joint_args,
        "sum": {"legs": UNDERLYING_LOSSES},
        "correlation": {"alike_wad": CORRELATION, "opposite_wad": CORRELATION, "a": UNDERLYING_LOSS,
                        "b": UNDERLYING_LOSS, "breakdown_wad": Integer(0, 2 * WAD)},
        "combined": {"legs": UNDERLYING_LOSSES, "matrix": MATRIX, "breakdown_wad": Integer(0, 2 * WAD)},
        "loss": {"self": LOSS_TABLE, "terms": LOSS_TERMS, "matrix": MATRIX, "level": LEVEL},
        "lossFactor": {"terms": LOSS_TERMS, "quote_wad": Integer(0, 2 * WAD), "level": LEVEL},
        "requirement": {
            "stakes": EXPOSURES, "loss_wad": LOSS, "terms": LOSS_TERMS, "quote_wad": AMOUNT, "level": LEVEL,
        },
        "requireValid": {"terms": nearly(LOSS_TERMS, any_of(correlation.LossTerms))},
        "requireMatrix": {"matrix": Generated(nearly_valid_matrix)},
    },
    stress: {
        "judge": {"held": HELD, "rules": Generated(rules), "quote_wad": Integer(0, 2 * WAD)},
        "assess": lambda random: change(random)[0],
        "reassess": reassess_args,
        "outlook": {"held": HELD, "rules": Generated(rules)},
        "marks": {"lines": many(LINE.draw, [0, 1, 2, 5])},
        "greeks": {"lines": many(LINE.draw, [0, 1, 2, 5])},
    },
}  # fmt: skip

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("module", "function"),
    [pytest.param(module, name, id=f"{module.__name__}.{name}") for module, each in PORTFOLIO.items() for name in each],
)
def test_probe_and_mirror_return_the_same(probes: Probes, module: Any, function: str) -> None:
    probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
    assert_equal(probes, probe, function, PORTFOLIO[module][function], getattr(module, snake(function)))


def test_a_changed_account_is_reassessed_to_the_wei(probes: Probes) -> None:
    """On the chain, and in the mirror: the losses that both accounts share change neither requirement."""
    random = Random(source("reassess"))
    drawn = [change(random) for _ in range(chosen().argument_sets // 4)]
    pairs, again = [], []
    for after, before in drawn:
        pairs.append((stress.assess(**after)[0], stress.assess(**before)[0]))
        required, found = stress.assess(**after)
        again.append({**before, "changed": differing(before, after), "found": found})
        assert (required, stress.reassess(**again[-1] | {"found": deepcopy(found)})) == pairs[-1]
    alone = [side for pair in drawn for side in pair]
    assessed = [stress.assess(**each) for each in alone]
    assert list(probes.query("ProbeStress", "assess", alone)) == [plain(each) for each in assessed]
    assert [required for required, _ in assessed] == [required for pair in pairs for required in pair]
    assert list(probes.query("ProbeStress", "reassess", again)) == [(before,) for _, before in pairs]
    assert {min(2, sum(each["changed"])) for each in again} == {0, 1, 2}
    assert sum(one != other for one, other in pairs) * 3 > len(pairs)
