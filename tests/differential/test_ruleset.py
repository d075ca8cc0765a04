"""Parameters of portfolio margin, kept as the code of a contract: probes and mirror return equal values."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from crossvault.mirror import portfolio, ruleset
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.mirror.ruleset import ModelParameters, Rules, StoredModel
from ledgers import Drawn
from portfolio_inputs import RISK, rules
from probing import Probes, assert_equal, started


def draw_risks(random: Random) -> tuple[PortfolioRisk, ...]:
    count = random.choice([1, 2, 8])
    return tuple(RISK.draw(random) if random.random() < 0.7 else PortfolioRisk() for _ in range(count))


def draw_parameters(random: Random) -> ModelParameters:
    """Parameters before the first, of several underlyings of which some are not modelled, and without rules."""
    if random.random() < 0.2:
        return ModelParameters()
    return ModelParameters(rules(random) if random.random() < 0.8 else Rules(), draw_risks(random))


def draw_place(random: Random) -> Drawn:
    return {"self": draw_parameters(random), "underlying": random.randrange(8)}


def stored(self: ModelParameters) -> StoredModel:
    kept = StoredModel(UndoLog())
    kept.data, kept.has_rules = self, bool(self.rules.scenarios)
    kept.modelled = sum(portfolio.is_modelled(risk) << place for place, risk in enumerate(self.risks))
    return kept


def set_rules(self: ModelParameters, rules: Rules) -> tuple[ModelParameters, int, bool]:
    kept = stored(self)
    ruleset.set_rules(kept, rules)
    return kept.data, kept.modelled, kept.has_rules


def set_risk(self: ModelParameters, underlying: int, risk: PortfolioRisk) -> tuple[ModelParameters, int, bool]:
    kept = stored(self)
    ruleset.set_risk(kept, underlying, risk)
    return kept.data, kept.modelled, kept.has_rules


def is_modelled(self: ModelParameters, underlying: int) -> bool:
    return ruleset.is_modelled(stored(self), underlying)


MODEL: dict[str, tuple[Any, Any]] = {
    "read": (lambda random: {"data": draw_parameters(random)}, lambda data: (ruleset.read(data),)),
    "write": (lambda random: {"held": draw_parameters(random)}, lambda held: (ruleset.write(held),)),
    "riskOf": (draw_place, ruleset.risk_of),
    "isModelled": (draw_place, is_modelled),
    "setRules": (lambda random: {"self": draw_parameters(random), "rules": rules(random)}, set_rules),
    "setRisk": (lambda random: draw_place(random) | {"risk": RISK.draw(random)}, set_risk),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", MODEL)
def test_probe_and_mirror_return_the_same(probes: Probes, function: str) -> None:
    parameters, mirror = MODEL[function]
    assert_equal(probes, "ProbeRuleset", function, parameters, mirror)
