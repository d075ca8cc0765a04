"""Portfolios as text, set up on the model, and one account of them by each method of margin."""

from pathlib import Path
from tempfile import TemporaryDirectory

from crossvault.differential.model import Model
from crossvault.differential.step import instrument_number
from crossvault.portfolio import portfolio_file, vault_setup
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.solver import ISOLATED_METHOD, STANDARD_METHOD, MarginCase, preset_method
from crossvault.portfolio.vault_setup import CROSS, VaultSetup
from crossvault.scenario import preset

UNITS = ("ETH", "BTC")
HEAD = """\
name: paper
at: 2026-03-02T08:00:00Z
prices:
  ETH: {index: 2000 USD, expiries: {20260327: {forward: 2000 USD, surface: 60 %}}}
  BTC: {index: 50000 USD}
"""
PRESETS = tuple(name for name in preset.names() if preset.load(name).rules is not None)
METHODS = ("isolated", "standard", *PRESETS)


def loaded(text: str) -> Portfolio:
    """The portfolio of a text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "paper.yaml"
        path.write_text(text, encoding="utf8")
        return portfolio_file.load(str(path))


def staged(held: Portfolio) -> VaultSetup:
    """A portfolio, set up on a model."""
    model = Model(vault_setup.world(held))
    stage = VaultSetup(held, model, model.apply)
    stage.set_up(preset.load("crossvault"))
    return stage


def margin_case(stage: VaultSetup, method: str) -> MarginCase:
    """The portfolio in one account by a method."""
    plain = {"isolated": ISOLATED_METHOD, "standard": STANDARD_METHOD}
    chosen = plain.get(method) or preset_method(preset.load(method), stage.portfolio.units)
    return MarginCase(stage.model, CROSS, stage.portfolio.at, chosen, stage.portfolio.followers)


def paper(rest: str, method: str = "standard") -> MarginCase:
    """The case of a portfolio whose file ends with `rest`."""
    return margin_case(staged(loaded(HEAD + rest)), method)


def instrument(name: str) -> int:
    """Number of an instrument of the paper portfolio."""
    return instrument_number(name, UNITS)
