"""Presets: named sets of margin parameters, validated as a whole."""

from __future__ import annotations

from typing import Any, NamedTuple

from crossvault.mirror import market, portfolio
from crossvault.scenario import roster, rules
from crossvault.scenario.file_part import FilePart, Name
from crossvault.scenario.portfolio_rules import PortfolioMarginPart, RulesPart
from crossvault.scenario.preset_files import names, open_source
from crossvault.scenario.schema import schema_of
from crossvault.scenario.valid import validated
from crossvault.scenario.world import OptionsPart, RiskPart

__all__ = ["Preset", "PresetPart", "json_schema", "load", "names"]


class StandardPart(FilePart):
    """Standard margin: of perps and futures, and of options."""

    perps: RiskPart
    options: OptionsPart


class PresetPart(FilePart):
    """A preset file; sections without a rule in its source are absent."""

    name: Name
    about: str
    source: str
    standard: StandardPart | None = None
    portfolio: PortfolioMarginPart | None = None
    rules: RulesPart | None = None


class Preset(NamedTuple):
    """Margin parameters as the vault takes them; the rules stay a file part until the underlyings are ordered."""

    name: str
    about: str
    source: str
    perps: market.MarketRisk | None
    options: market.OptionRisk | None
    portfolio_risk: portfolio.PortfolioRisk | None
    rules: RulesPart | None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of preset files, for editors."""
    return schema_of(PresetPart, "preset")


def load(path_or_name: str) -> Preset:
    """Returns a shipped preset by name, or one from a file. Raises ScenarioError."""
    source = open_source(path_or_name)
    part = validated(source, PresetPart)
    perps = options = portfolio_risk = None
    if part.standard is not None:
        with source.guard(("standard", "perps")):
            perps = roster.risk(part.standard.perps, "units")
            roster.require(market.require_valid, perps)
        with source.guard(("standard", "options")):
            options = roster.options(part.standard.options)
            roster.require(market.require_valid_options, options)
    if part.portfolio is not None:
        with source.guard(("portfolio",)):
            portfolio_risk = rules.portfolio_risk(part.portfolio)
    if (part.portfolio is None) != (part.rules is None):
        source.note((), "has one of 'portfolio' and 'rules': expected both or none")
    if part.rules is not None:
        with source.guard(("rules",)):
            rules.rules(part.rules, rules.correlated_underlyings(part.rules))
    source.require_no_problems()
    about = " ".join(part.about.split())
    return Preset(part.name, about, " ".join(part.source.split()), perps, options, portfolio_risk, part.rules)
