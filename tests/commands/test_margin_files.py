"""`crossvault margin` of files: portfolios that ship, the documented one, published shorts, presets of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import start
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import portfolio_file
from papers import HEAD, Write, by_method, compared, write as write  # the fixture, by its name
from places import ROOT


@pytest.mark.parametrize("name", portfolio_file.names())
def test_shipped_portfolios_load(name: str) -> None:
    held = portfolio_file.load(name)
    assert held.name == name and held.about


def test_the_documented_portfolio_loads(write: Write) -> None:
    text = (ROOT / "sim" / "crossvault" / "portfolios" / "README.md").read_text(encoding="utf8")
    held = portfolio_file.load(write(text.split("```yaml\n")[1].split("```")[0]))
    assert held.cash_wad == 5_000 * WAD and len(held.positions) == 2 and held.standard.name == "crossvault"


@pytest.mark.parametrize(
    ("option", "vol", "initial", "maintenance"),
    [
        ("1500-C", "104.788449408498624 %", -304_371_585_189_059_952_640, -191_871_585_189_059_952_640),  # Test1
        ("1900-C", "117.9993832279113216 %", -156_008_261_835_426_660_352, -118_508_261_835_426_660_352),  # Test3
        ("1300-P", "108.318941550987648 %", -164_322_794_294_374_039_552, -126_822_794_294_374_039_552),  # Test4
        ("4500-P", "159.7344442228649472 %", -3_385_309_438_429_764_255_744, -3_224_104_227_075_965_583_360),  # Test21
    ],
)
def test_published_shorts_through_a_file(write: Write, option: str, vol: str, initial: int, maintenance: int) -> None:
    # Derive's standard.json: 500,400 s before the end, without a discount; realIM and realMM
    text = f"""\
name: published
at: 2026-03-21T13:00:00Z
standard: derive-tests
prices:
  ETH:
    index: 1500 USD
    expiries:
      20260327: {{forward: 1500.8332793109938176 USD, surface: {vol}}}
positions: {{ETH-20260327-{option}: -1 ETH}}
"""
    standard = by_method(compared(write(text)))["standard"]
    pairs = zip(standard.margin_balance_wad, standard.requirement_wad, strict=True)
    buffers = [balance - required for balance, required in pairs]
    for ours, theirs in zip(buffers, (initial, maintenance), strict=True):
        assert abs(ours - theirs) <= abs(theirs) // 10**12


def test_a_preset_of_ones_own(write: Write, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    text = """\
name: mine
about: for a test
source: none
portfolio: {vol: {up: 0 %, down: 0 %}}
rules:
  scenarios: [{spots: [25 %, -25 %]}]
  correlations: {ETH: {BTC: {alike: 50 %, opposite: 0 %}}}
"""
    mine.write_text(text, encoding="utf8")
    done = start("margin", "delta-neutral", "--method", str(mine), "--json")
    assert done.returncode == 0, done.stderr
    results = {each["method"]: each for each in json.loads(done.stdout)["methods"]}
    assert set(results) == {"isolated", "mine"} and len(results["mine"]["scenarios"]) == 2
    # a third underlying is not in the matrix: it moves exactly with both, and they do not with each other
    sol = HEAD.replace("cash:", "  SOL: {index: 100 USD}\ncash:") + "positions: {ETH-PERP: 1 ETH}\n"
    done = start("margin", write(sol), "--method", str(mine))
    assert done.returncode == 2 and "with ETH, BTC, SOL: alike: no prices move so" in done.stderr
    done = start("margin", write(sol), "--method", "crossvault", "--method", "derive")
    assert done.returncode == 0, done.stderr


def test_an_account_without_a_position_that_owes_cash_is_liquidated_now_by_isolated_margin_too(tmp_path: Path) -> None:
    (tmp_path / "owes.yaml").write_text(
        "name: owes\nat: 2026-03-02T08:00:00Z\nprices: {ETH: {index: '2,000 USD'}}\ncash: -50 USDC\n"
    )
    done = start("margin", "owes.yaml", "--method", "standard", folder=tmp_path)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(("isolated", "standard "))]
    ends = [(row[0], row[-1]) for row in rows if row[1] == "-50.00" and row[-1] != "0.00"]
    assert ends == [("isolated", "now"), ("standard", "now")], done.stdout
