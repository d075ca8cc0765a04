"""The worst allowed accounts fit every door into 30M gas, and every contract fits on a chain."""

from collections.abc import Mapping

import pytest
from worst import PORTFOLIOS, Scene

from sim.compiler import compile_contracts

LIMIT = 30_000_000
LARGEST_CODE = 24_576
CONTRACTS = ("Vault", "Appraiser", "Registry", "Feed", "Exchange")


def measured(portfolio: str) -> dict[str, int]:
    """Gas by what is done, with a portfolio of which every door is used."""
    scene = Scene(PORTFOLIOS[portfolio])
    try:
        scene.act()
    finally:
        scene.chain.close()
    return scene.gas


def table(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Gas by what is done and by portfolio, as Markdown; `pytest -s` shows it."""
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    lines = ["| gas | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = [f"{column[row]:,}" if row in column else "" for column in columns.values()]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@pytest.mark.slow
def test_worst_accounts_fit_in_a_block() -> None:
    columns = {portfolio: measured(portfolio) for portfolio in PORTFOLIOS}
    print(f"\n{table(columns)}")
    assert max(gas for column in columns.values() for gas in column.values()) < LIMIT


def test_contracts_fit_on_a_chain() -> None:
    artifacts = compile_contracts().artifacts
    sizes = {name: len(artifacts[name].deployed_bytecode) // 2 for name in CONTRACTS}
    print(sizes)
    assert max(sizes.values()) <= LARGEST_CODE
