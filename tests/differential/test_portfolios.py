"""Portfolio margin: the probes and the mirror answer the same to the same accounts and parameters."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from crossvault.evm.codec import snake
from crossvault.mirror import correlation, portfolio, shock, stress
from crossvault.mirror.fixed import WAD
from crossvault.mirror.shock import MAX_SCENARIOS
from folio import (
    ANY_PARTS,
    ANY_SCENARIO,
    BASIS_RISK,
    CONTINGENCY,
    CORRELATION,
    FACTORS,
    HEDGE,
    HELD,
    LEG,
    LEGS,
    LINES,
    MATRIX,
    MODE,
    OUTLOOK,
    PROFIT,
    RATE_RISK,
    RISK,
    SCENARIO,
    SCENARIOS,
    SHAPE,
    SHARED,
    SHEET,
    SHOCK,
    SIZE,
    SKEW_RISK,
    STAKE,
    STAKES,
    TERM,
    TERMS,
    TWINS,
    VOL_RISK,
    any_of,
    bent_matrix,
    bent_risk,
    many,
    profits,
    rules,
)
from inputs import AMOUNT, EXPIRY, LEVEL, RATIO, nearly
from probing import Either, Inputs, Made, Probes, Whole, assert_equal, started


def leg_args(random: Random) -> dict[str, Any]:
    scenarios = SCENARIOS.draw(random)
    profits = [PROFIT.draw(random) for _ in scenarios]
    return {"scenarios": scenarios, "profits_wad": profits, "basis_wad": Whole(-(2**177), 0).draw(random)}


def joint_args(random: Random) -> dict[str, Any]:
    count = random.choice([0, 1, 3])
    return {"profits_wad": [profits(random, count) for _ in range(random.randrange(4))], "scenarios": count}


def requirement_args(random: Random) -> dict[str, Any]:
    drawn: dict[str, Inputs] = {
        "self": OUTLOOK,
        "stakes": STAKES,
        "terms": TERMS,
        "matrix": MATRIX,
        "quote_wad": AMOUNT,
        "level": LEVEL,
    }
    return {name: each.draw(random) for name, each in drawn.items()}


FOLIO: Mapping[Any, Mapping[str, Any]] = {
    shock: {
        "forward": {"fixed_wad": AMOUNT, "floating_wad": AMOUNT, "spot_shock": SHOCK},
        "breadth": {"risk": VOL_RISK, "secs": EXPIRY},
        "shape": {"vol_risk": VOL_RISK, "skew_risk": SKEW_RISK, "secs": EXPIRY},
        "vol": {"self": SHAPE, "vol_wad": AMOUNT, "apart_wad": Whole(-(2**67), 2**67), "mode": MODE},
        "isSkew": {"mode": Whole(0, 255)},
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
        "stake": {"self": STAKE, "size": SIZE, "price_wad": Whole(0, 2**97)},
        "outcomes": {"self": STAKE, "scenarios": SCENARIOS},
        "ready": {"term": TERM, "risk": RISK},
        "shocked": SHARED,
        "basis": {"self": SHEET, "risk": BASIS_RISK},
        "worst": {"profits_wad": many(Whole(-3, 3).draw, [0, 1, 5, 32])},
        "loss": {"least_wad": PROFIT, "basis_wad": Whole(-(2**177), 0)},
        "contingency": HELD,
        "perpContingency": HELD,
        "optionContingency": {**HELD, "term": TERM},
        "naked": {"lines": Either([LINES, TWINS])},
        "hedgeContingency": {"risk": CONTINGENCY, "hedge": HEDGE, "level": LEVEL},
        "doubt": HELD,
        "doubtRate": {"risk": CONTINGENCY, "confidence_wad": RATIO},
        "requireValid": {"risk": Made(bent_risk)},
    },
    correlation: {
        "outlook": {"stakes": STAKES, "scenarios": SCENARIOS},
        "leg": leg_args,
        "joint": joint_args,
        "sum": {"legs": LEGS},
        "correlation": {"alike_wad": CORRELATION, "opposite_wad": CORRELATION, "a": LEG, "b": LEG,
                        "breakdown_wad": Whole(0, 2 * WAD)},
        "combined": {"legs": LEGS, "matrix": MATRIX, "breakdown_wad": Whole(0, 2 * WAD)},
        "loss": {"self": OUTLOOK, "terms": TERMS, "matrix": MATRIX, "level": LEVEL},
        "lossFactor": {"terms": TERMS, "quote_wad": Whole(0, 2 * WAD), "level": LEVEL},
        "requirement": requirement_args,
        "requireValid": {"terms": nearly(TERMS, any_of(correlation.LossTerms))},
        "requireMatrix": {"matrix": Made(bent_matrix)},
    },
    stress: {
        "judge": {"stakes": STAKES, "rules": Made(rules), "quote_wad": Whole(0, 2 * WAD)},
        "outlook": {"stakes": STAKES, "rules": Made(rules)},
    },
}  # fmt: skip

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("module", "function"),
    [pytest.param(module, name, id=f"{module.__name__}.{name}") for module, each in FOLIO.items() for name in each],
)
def test_probe_and_mirror_answer_the_same(probes: Probes, module: Any, function: str) -> None:
    probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
    assert_equal(probes, probe, function, FOLIO[module][function], getattr(module, snake(function)))
