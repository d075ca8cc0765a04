"""The calibration of the preset: its arithmetic on paper, published expected shortfalls, and the preset that ships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from cli import start
from crossvault.differential.model import Model
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import methods, portfolio_file, vault_setup
from crossvault.report.calibrate import document, preset_text
from crossvault.scenario import preset, prices
from crossvault.sweep import book_losses, calibration
from crossvault.sweep.calibration import Shortfall
from crossvault.sweep.shortfall import expected_shortfall, moves
from places import DATA, VECTORS

HEADER = "timestamp,venue,market,symbol,interval_s,open,high,low,close\n"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0.7, 9.0),  # q = 3: 10, 9, 8
        (0.75, 9.2),  # q = 2.5: 10 + 9 + half of 8, over 2.5
        (0.99, 10.0),  # q = 0.1: a tenth of 10, over 0.1
        (0.0, 5.5),  # all of them
    ],
)
def test_expected_shortfall_on_paper(level: float, expected: float) -> None:
    losses = np.array([3, 10, 1, 8, 6, 2, 9, 4, 7, 5], dtype=float)
    assert expected_shortfall(losses, level) == pytest.approx(expected, rel=1e-12)


def test_no_losses_have_no_shortfall() -> None:
    with pytest.raises(ValueError, match="no losses"):
        expected_shortfall(np.array([]), 0.99)


def test_a_gap_makes_no_move() -> None:
    times = np.array([0, 3600, 7200, 14400, 18000, 21600], dtype=float)  # the bar of 10,800 is missing
    before, after = moves(times, np.array([1, 2, 3, 4, 5, 6], dtype=float), 7200)
    assert list(zip(before, after, strict=True)) == [(1, 3), (3, 4), (4, 6)]


def shortfall(kind: str, maintenance: float, initial: float) -> Shortfall:
    return Shortfall(kind, "", 100, maintenance, initial)


PAPER = {
    each.kind: each
    for each in (
        shortfall("outright", 0.12, 0.18), shortfall("perp", 0.1, 0.15), shortfall("basis", 0.0051, 0.0103),
        shortfall("pair alike", 0.2, 0.3), shortfall("pair opposite", 0.06, 0.09), shortfall("vol up", 0.3, 0.4),
        shortfall("vol down", 0.1, 0.2),
    )
}  # fmt: skip


def test_parameters_on_paper() -> None:
    made = calibration.parameters(PAPER)
    scenarios = made.pop("rules.scenarios")
    option = {
        f"standard.options.{name}": "12 %" for name in ("min spot rate", "call rate", "put rate", "put mark rate")
    }
    assert made == {
        "standard.perps.initial margin": "18 %",
        "standard.perps.maintenance margin": "12 %",
        "standard.perps.spread rate": "0.6 %",  # half of 1.03 %
        "standard.options.max spot rate": "18 %",
        **option,
        "portfolio.contingency.perp initial": "1.1 %",
        "portfolio.contingency.perp maintenance": "0.6 %",
        "portfolio.vol.up": "45 %",  # 30 % is covered by 67 % of 44.8 %, which is more than 40 %
        "portfolio.vol.down": "20 %",
        "rules.loss maintenance": "67 %",  # 12 of 18
        "rules.breakdown": "20 %",
        "rules.correlations.ETH.BTC.alike": "90 %",  # (30 / 18)² / 2 - 1 = 39 %, less than that of others
        "rules.correlations.ETH.BTC.opposite": "85 %",  # 1 - (6 / 12.06)² / 2 = 87.6 %
    }
    assert scenarios[0] == {"spots": ["18 %"], "vols": ["up"]}
    assert scenarios[1]["spots"] == ["13.5 %", "9 %", "4.5 %", "0 %", "-4.5 %", "-9 %", "-13.5 %"]
    weights = {row["spots"][0]: row["weight"] for row in scenarios if "weight" in row}
    assert weights["-66 %"] == "27.27 %" and weights["100 %"] == "18 %" and weights["500 %"] == "3.6 %"


def test_a_wide_spread_leaves_little_to_offset() -> None:
    wide = PAPER | {"pair opposite": shortfall("pair opposite", 0.06, 0.24)}
    made = calibration.parameters(wide)
    assert made["rules.correlations.ETH.BTC.opposite"] == "30 %"  # 1 - (24 / 18)² / 2 = 11.1 %, and 20 % of breakdown


def test_other_parameters_than_the_shipped_are_noticed(tmp_path: Path) -> None:
    made = calibration.parameters(PAPER)
    assert not document(PAPER, made)["is_shipped"]
    assert document(PAPER, {"rules.breakdown": "20 %"})["is_shipped"]
    (tmp_path / "mine.yaml").write_text(preset_text(made), encoding="utf8")
    assert preset.load(str(tmp_path / "mine.yaml")).portfolio_risk is not None


def write_data(folder: Path) -> None:
    """A few hours of every event: both prices fall by a tenth in an hour and rise again; a few days of vols."""
    for name in book_losses.EVENTS:
        rows = [
            f"{3600 * k},binance,{market},{unit}USDT,3600,{close},{close},{close},{close}\n"
            for market in ("spot", "perp")
            for unit in book_losses.UNDERLYINGS
            for k, close in enumerate((100, 90, 90, 100), start=500_000)
        ]
        (folder / name).write_text(HEADER + "".join(rows), encoding="utf8")
    days = [f"{86_400 * k},2021-04-0{k},{unit}_DVOL,{50 + 5 * k}\n" for unit in ("ETH", "BTC") for k in range(1, 4)]
    (folder / book_losses.VOLATILITY).write_text("timestamp,date,symbol,dvol\n" + "".join(days), encoding="utf8")


def test_the_command_on_data_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_data(tmp_path)
    monkeypatch.setenv("CROSSVAULT_DATA", str(tmp_path))
    out = tmp_path / "mine.yaml"
    done = start("calibrate", "--out", str(out))
    assert done.returncode == 6, done.stderr  # the shipped preset is of other data
    # two hours: 100 to 90, and 90 to 100, which is 11.1 %
    assert yaml.safe_load(out.read_text())["standard"]["perps"]["initial margin"] == "11.5 %"
    assert "outright" in done.stdout and "the shipped preset has other figures" in done.stdout
    assert preset.load(str(out)).portfolio_risk is not None
    vols = yaml.safe_load(out.read_text())["portfolio"]["vol"]
    assert vols["down"] == "0 %"  # they only rose


def test_missing_data_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSVAULT_DATA", str(tmp_path))
    done = start("calibrate")
    assert done.returncode == 2
    assert "'2020-03_black_thursday_1h.csv' was not found in" in done.stderr and str(tmp_path) in done.stderr


# with the market data


@pytest.fixture(scope="module")
def derived() -> Iterator[dict[str, Any]]:
    """The document of the command on the market data."""
    if not all((DATA / name).is_file() for name in (*book_losses.EVENTS, book_losses.VOLATILITY)):
        pytest.skip("there is no folder of market data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSVAULT_DATA", str(DATA))
        done = start("calibrate", "--json")
    assert done.stderr == ""
    yield json.loads(done.stdout) | {"code": done.returncode}


@pytest.mark.slow
def test_the_shipped_preset_is_what_the_data_give(derived: dict[str, Any]) -> None:
    other = {path: row for path, row in derived["parameters"].items() if row["derived"] != row["shipped"]}
    assert other == {} and derived["is_shipped"] and derived["code"] == 0


PAPER_BOOKS = {  # of legs of 20,000: positions, and the class of book
    "perp": "{ETH-PERP: 10 ETH}",
    "outright": "{ETH-PERP: -10 ETH}",
    "pair alike": "{ETH-PERP: 10 ETH, BTC-PERP: 0.4 BTC}",
    "pair opposite": "{ETH-PERP: 10 ETH, BTC-PERP: -0.4 BTC}",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", PAPER_BOOKS)
def test_the_requirement_covers_the_shortfall(kind: str, derived: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text(
        "name: book\nat: 2026-03-02T08:00:00Z\nprices: {ETH: {index: 2000 USD}, BTC: {index: 50000 USD}}\n"
        f'cash: "90,000 USDC"\npositions: {PAPER_BOOKS[kind]}\n',
        encoding="utf8",
    )
    held = portfolio_file.load(str(path))
    model = Model(vault_setup.world(held))
    stage = vault_setup.VaultSetup(held, model, model.apply)
    presets = [preset.load("crossvault")]
    stage.set_up(presets[0])
    [found] = [
        each for each in methods.compare(stage, presets, lambda accounts: None).results if each.method == "crossvault"
    ]
    [book] = [each for each in derived["books"] if each["class"] == kind]
    for wad, level in zip(found.requirement_wad, ("initial_pct", "maintenance_pct"), strict=True):
        assert wad / WAD >= 20_000 * book[level] / 100


@pytest.mark.slow
def test_the_estimator_gives_the_published_shortfalls() -> None:
    """14 books of one hour on the same files; theirs are floored wads of floored moves."""
    path = VECTORS / "risk" / "historical_es.json"
    if not path.is_file() or not DATA.is_dir():
        pytest.skip("there are no published shortfalls, or no market data")
    cases = json.loads(path.read_text(encoding="utf8"))["vectors"]
    known: dict[tuple[str, str, str], dict[int, float]] = {}
    for case in cases:
        closes = []
        for market, symbol in case["series"].values():
            key = case["file"], market, symbol
            if key not in known:
                where = {"venue": "binance", "market": market, "symbol": symbol, "interval_s": "3600"}
                known[key] = {bar.at: bar.close / WAD for bar in prices.bars(DATA / case["file"], where)}
            closes.append(known[key])
        times = np.array(sorted(set(closes[0]) & set(closes[1])), dtype=float)
        pairs = [moves(times, np.array([each[int(at)] for at in times]), 3600) for each in closes]
        gains = [after / before - 1 for before, after in pairs]
        losses = -sum(weight * gain for weight, gain in zip(case["weights_per_unit_notional"], gains, strict=True))
        assert losses.size == case["hours"]
        for level, published in case["levels"].items():
            assert expected_shortfall(losses, float(level)) == pytest.approx(published["es_wad_floor"] / WAD, rel=1e-12)
    assert len(cases) == 14
