"""Parameters of portfolio margin, kept as the code of a contract: one copy reads them all."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed
from crossvault.mirror.correlation import LossTerms, Matrix
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.mirror.shock import Scenario


class Rules(NamedTuple):
    """Rules of portfolio margin, shared by all underlyings."""

    scenarios: tuple[Scenario, ...] = ()
    terms: LossTerms = LossTerms()
    matrix: Matrix = Matrix()


class ModelParameters(NamedTuple):
    """Parameters of portfolio margin."""

    rules: Rules = Rules()
    risks: tuple[PortfolioRisk, ...] = ()


class StoredModel(StorageStruct):
    """Where the parameters of portfolio margin are kept."""

    __slots__ = ("data", "has_rules", "modelled")
    zeros = {"data": ModelParameters(), "modelled": 0, "has_rules": False}
    data: ModelParameters
    modelled: int
    has_rules: bool


def read(data: ModelParameters) -> ModelParameters:
    """Parameters of portfolio margin in force."""
    return data


def risk_of(self: ModelParameters, underlying: int) -> PortfolioRisk:
    """Parameters of portfolio margin of an underlying; all zero where it has none."""
    return self.risks[underlying] if underlying < len(self.risks) else PortfolioRisk()


def is_modelled(self: StoredModel, underlying: int) -> bool:
    """Whether an underlying has parameters of portfolio margin."""
    return fixed.bits(self.modelled, underlying, 1) != 0


def set_rules(self: StoredModel, rules: Rules) -> None:
    """Replaces the rules."""
    self.has_rules = len(rules.scenarios) != 0
    self.data = write(read(self.data)._replace(rules=rules))


def set_risk(self: StoredModel, underlying: int, risk: PortfolioRisk) -> None:
    """Replaces the parameters of an underlying."""
    held = read(self.data)
    count = max(len(held.risks), underlying + 1)
    risks = tuple(risk if i == underlying else risk_of(held, i) for i in range(count))
    self.modelled = fixed.with_bit(self.modelled, underlying)
    self.data = write(held._replace(risks=risks))


def write(held: ModelParameters) -> ModelParameters:
    """Keeps parameters of portfolio margin as the code of a new contract."""
    return held
