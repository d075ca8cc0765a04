"""Portfolio margin: probes and mirror return equal results for equal accounts and parameters."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from crossvault.evm.codec import snake
from crossvault.mirror import correlation, portfolio, pricer, shock, stress
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import PortfolioExposure, Stake
from crossvault.mirror.shock import MAX_SCENARIOS
from crossvault.mirror.stress import HeldExposures
from crossvault.mirror.surface import Svi
from held_exposures import held
from inputs import AMOUNT, EXPIRY, LEVEL, LINE, RATIO, nearly, svi
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
    STAKE,
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
    exposures, scenarios = [EXPOSURE.draw(random), *EXPOSURES.draw(random)], SCENARIOS.draw(random)
    table = correlation.outlook(exposures, scenarios)
    place = random.randrange(len(exposures))
    return {"self": table, "place": place, "exposure": former(random, exposures[place]), "scenarios": scenarios}


def former(random: Random, exposure: PortfolioExposure) -> PortfolioExposure:
    """An exposure to the same underlying: none, one without options, or any other."""
    index_wad, confidence_wad = exposure.stake.index_wad, exposure.stake.confidence_wad
    none = PortfolioExposure(exposure.risk, Stake(index_wad, confidence_wad=confidence_wad))
    kind = random.randrange(3)
    if kind == 0:
        return none
    other: PortfolioExposure = EXPOSURE.draw(random)
    if kind == 1:
        return replace(none, stake=replace(other.stake, index_wad=index_wad, confidence_wad=confidence_wad))
    return replace(other, risk=exposure.risk, stake=replace(other.stake, index_wad=index_wad))


def change(random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of `assess` for exposures, and for others of none, one or several of their underlyings."""
    drawn = [EXPOSURE.draw(random), *EXPOSURES.draw(random)]
    now = [
        each if random.random() < 0.8 else PortfolioExposure(each.risk, Stake(each.stake.index_wad)) for each in drawn
    ]
    places = random.sample(range(len(now)), random.randrange(len(now) + 1))
    formers = [former(random, each) if place in places else each for place, each in enumerate(now)]
    shared, parameters = _price(random), rules(random)
    (after, data), (before, _) = held(now, parameters), held(formers, parameters)
    return {"held": after, "data": data, **shared}, {"held": before, "data": data, **shared}


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[bool]:
    """Whether the exposure of each underlying differs."""
    places = range(len(after["data"].risks))
    return [_part(before["held"], place) != _part(after["held"], place) for place in places]


def _part(account: HeldExposures, underlying: int) -> tuple[Any, ...]:
    """What an account holds of one underlying."""
    held_ = account.holdings, account.lines, account.futures
    parts = ([each for each in some if each.underlying == underlying] for some in held_)
    return account.stakes[underlying], *parts


def reassess_args(random: Random) -> dict[str, Any]:
    """An account with the losses of another one that differs in none, one or several underlyings."""
    after, before = change(random)
    _, found = stress.assess(**after)
    changed = differing(before, after)
    return {**before, "changed": changed, "losses": found}


def _price(random: Random) -> dict[str, Any]:
    return {"quote_wad": Integer(0, 2 * WAD).draw(random)}


def account_args(random: Random) -> dict[str, Any]:
    account, data = held(EXPOSURES.draw(random), rules(random))
    return {"held": account, "data": data}


def quotes_args(random: Random) -> dict[str, Any]:
    """Options at their strike, without a vol or of any, each with a surface or none."""
    lines = [LINE.draw(random) for _ in range(random.choice([0, 1, 2, 5]))]
    return {"lines": lines, "surfaces": [svi(random) if random.random() < 0.8 else Svi() for _ in lines]}


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
        "add": {"self": STAKE, "size": SIZE, "price_wad": Integer(0, 2**97)},
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
        "outlook": {"exposures": EXPOSURES, "scenarios": SCENARIOS},
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
            "exposures": EXPOSURES, "loss_wad": LOSS, "terms": LOSS_TERMS, "quote_wad": AMOUNT, "level": LEVEL,
        },
        "requireValid": {"terms": nearly(LOSS_TERMS, any_of(correlation.LossTerms))},
        "requireMatrix": {"matrix": Generated(nearly_valid_matrix)},
    },
    stress: {
        "judge": lambda random: account_args(random) | _price(random),
        "requirement": lambda random: account_args(random) | _price(random) | {"level": LEVEL.draw(random)},
        "assess": lambda random: change(random)[0],
        "reassess": reassess_args,
        "outlook": account_args,
    },
    pricer: {
        "quotes": quotes_args,
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
        verdict, found = stress.assess(**after)
        again.append({**before, "changed": differing(before, after), "losses": found})
        assert (verdict, stress.reassess(**again[-1] | {"losses": deepcopy(found)})) == pairs[-1]
    alone = [side for pair in drawn for side in pair]
    assessed = [stress.assess(**each) for each in alone]
    assert list(probes.query("ProbeStress", "assess", alone)) == [
        (plain(verdict), plain(found)) for verdict, found in assessed
    ]
    assert [verdict for verdict, _ in assessed] == [verdict for pair in pairs for verdict in pair]
    assert list(probes.query("ProbeStress", "reassess", again)) == [(plain(before),) for _, before in pairs]
    assert {min(2, sum(each["changed"])) for each in again} == {0, 1, 2}
    assert sum(one != other for one, other in pairs) * 3 > len(pairs)
