"""Portfolio margin in a file: shocks of an underlying, and how losses of underlyings are combined."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, ModelWrapValidatorHandler, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crossvault.scenario import preset_files
from crossvault.scenario.file_part import Duration, FilePart, Name, Rate, Ratio

ONE = 10**18


class VolPart(FilePart):
    """Shocks of volatility up and down; the shock grows with (30 days / time to expiry) to a power."""

    up: Ratio
    down: Ratio
    least: Ratio = 0
    short_power: Ratio = 0
    long_power: Ratio = 0
    floor: Duration = 86_400


class SkewPart(FilePart):
    """Skew shocks: changes of volatility by strike."""

    linear_cap: Rate = 0
    linear_base: Rate = 0
    absolute_cap: Rate = 0
    absolute_base: Rate = 0
    min_width: Ratio = ONE // 100
    width_scale: Ratio = 0
    vol_static: Rate = 0
    vol_scale: Rate = 0


class DiscountPart(FilePart):
    """Static discounts of the shocked value of an expiry: of assets (long) and of liabilities (short)."""

    long_base: Ratio = ONE
    long_scale: Ratio = 0
    long_add: Ratio = 0
    short_base: Ratio = ONE
    short_scale: Ratio = 0
    short_add: Ratio = 0


class BasisPart(FilePart):
    """Requirement for basis risk: forwards that move apart from the spot price."""

    up: Rate = 0
    down: Rate = 0
    add: Ratio = 0
    per_year: Ratio = 0


class ContingencyPart(FilePart):
    """Contingencies on the notional, added to the loss of the worst scenario."""

    perp_initial: Ratio = 0
    perp_maintenance: Ratio = 0
    option_initial: Ratio = 0
    option_maintenance: Ratio = 0
    confidence_threshold: Ratio = 0
    confidence_factor: Ratio = 0


class Section(FilePart):
    """A part that may be replaced by the name of a preset."""

    title: ClassVar[str]
    _from_preset: bool = PrivateAttr(default=False)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        named = {"type": "string", "description": "name of a preset", "examples": preset_files.names()}
        return {"anyOf": [named, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="wrap")
    @classmethod
    def _preset(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, str):
            return handler(data)
        found = handler(preset_files.section(data, cls.title))
        found._from_preset = True
        return found

    @property
    def is_preset(self) -> bool:
        """Whether the part comes from a preset."""
        return self._from_preset


class PortfolioMarginPart(Section):
    """Portfolio margin of an underlying: fields of `Portfolio.PortfolioRisk` of the contracts."""

    title = "portfolio"

    vol: VolPart
    skew: SkewPart = SkewPart()
    discount: DiscountPart = DiscountPart()
    basis: BasisPart = BasisPart()
    contingency: ContingencyPart = ContingencyPart()


class ScenarioPart(FilePart):
    """Spot shocks, each combined with each volatility shock; `weight` scales the profit or loss."""

    spots: list[Rate] = Field(min_length=1)
    vols: list[Literal["still", "up", "down", "linear", "absolute"]] = Field(default=["still"], min_length=1)
    weight: Ratio = ONE


class PairPart(FilePart):
    """Correlations of a pair: of losses in the same direction, and in opposite directions."""

    alike: Rate = ONE
    opposite: Rate = 0


class RulesPart(Section):
    """Rules of portfolio margin: fields of `Ruleset.Rules` of the contracts."""

    title = "rules"

    scenarios: list[ScenarioPart] = Field(min_length=1)
    loss_initial: Ratio = ONE
    loss_maintenance: Ratio = ONE
    peg_threshold: Ratio = 0
    peg_factor: Ratio = 0
    breakdown: Ratio = 0
    least_initial: Ratio = ONE
    least_maintenance: Ratio = ONE
    others: PairPart = PairPart()
    correlations: dict[Name, dict[Name, PairPart]] = {}
