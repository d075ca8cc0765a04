"""Small portfolios on paper: a text, a file of it, and its comparison by every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvault.differential.model import Model
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import methods, portfolio_file, vault_setup
from crossvault.portfolio.methods import MethodComparison, MethodResult
from crossvault.scenario import preset

HEAD = """\
name: paper
at: 2026-03-02T08:00:00Z
prices:
  ETH: {index: 2000 USD, expiries: {20260327: {forward: 2000 USD, surface: 60 %}}}
  BTC: {index: 60000 USD}
cash: 5000 USDC
"""

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a portfolio and returns its path."""

    def written(text: str) -> str:
        path = tmp_path / "paper.yaml"
        path.write_text(text, encoding="utf8")
        return str(path)

    return written


def compared(path: str, *names: str) -> MethodComparison:
    """A portfolio by isolated and standard margin and the named presets, or all that ship, on the model."""
    held = portfolio_file.load(path)
    model = Model(vault_setup.world(held))
    stage = vault_setup.VaultSetup(held, model, model.apply)
    presets = [preset.load(name) for name in names or preset.names()]
    stage.set_up(presets[0])
    return methods.compare(stage, presets, lambda accounts: None)


def by_method(found: MethodComparison) -> dict[str, MethodResult]:
    return {each.method: each for each in found.results}


def capital_usd(found: MethodComparison) -> dict[str, tuple[int, int]]:
    """Initial and maintenance capital by method, in whole units of quote; a fraction fails."""
    capital = {each.method: each.capital for each in found.results}
    assert all(wad % WAD == 0 for each in capital.values() for wad in each)
    return {name: (each[0] // WAD, each[1] // WAD) for name, each in capital.items()}
