"""Margin presets: each loads and agrees with its source; errors of a file report file, line and field."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossvault.mirror import portfolio, shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.scenario import ScenarioError, preset, rules
from places import CASES, VECTORS
from published import model, wad
from vectors_portfolio import account_of, losses, risk_of
from vectors_standard import OPTION_RISK, RISK

UNITS = ("ETH", "BTC", "SOL")
ACCOUNTS = sorted((VECTORS / "derive" / "portfolio").glob("*.json"))
FLOATS = 10**9  # what decimals of floats are off by
COUNTS = {"crossvault": 33, "deribit": 35, "derive": 33, "derive-tests": 31, "paradex": 24, "span": 16}

GOOD = """\
name: mine
about: for a test
source: none
portfolio:
  vol: {up: 50 %, down: 25 %}
rules:
  scenarios:
    - {spots: [10 %, -10 %], vols: [up, down]}
  others: {alike: 90 %, opposite: 0 %}
  correlations:
    ETH: {BTC: {alike: 80 %, opposite: 50 %}}
"""


def published(name: str) -> Any:
    """A file of published figures; the test is skipped where there is none."""
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"no published figures in {path}")  # the project works without the folder
    return json.loads(path.read_text(encoding="utf8"))


def scenarios(name: str) -> tuple[shock.Scenario, ...]:
    part = preset.load(name).rules
    assert part is not None
    return rules.rules(part, UNITS).scenarios


@pytest.mark.parametrize("name", preset.names())
def test_every_preset_loads_and_names_its_source(name: str) -> None:
    found = preset.load(name)
    assert found.name == name and found.about and found.source
    assert len(scenarios(name)) == len(set(scenarios(name))) == COUNTS[name]


def test_paradex_has_the_published_scenarios() -> None:
    shifts = {shock.UP: 40, shock.DOWN: -22}
    ours = {(each.spot_shock, shifts[each.mode], each.dampening) for each in scenarios("paradex")}
    theirs = published("methods/paradex_pm_scenarios.json")["scenarios"]
    assert ours == {(spot * WAD // 100, vol, wad(weight)) for spot, vol, weight in theirs}


def test_deribit_has_the_published_range_and_table() -> None:
    rule = published("methods/deribit_rules.json")["pm_new"]
    plain = [each for each in scenarios("deribit") if each.dampening == WAD]
    moves = sorted({each.spot_shock for each in plain})
    assert max(moves) == -min(moves) == wad(rule["price_range"]) and len(moves) == rule["buckets"]
    assert len(plain) == len(moves) * len(rule["vol"])
    assert [each.spot_shock for each in scenarios("deribit") if each.dampening < WAD] == [
        wad(each) for each in rule["extended_table"]
    ]


def test_span_has_the_published_array_of_a_future() -> None:
    array = published("methods/span_mcmillan.json")["long_future"]
    future = PortfolioExposure(
        portfolio.PortfolioRisk(), portfolio.Stake(WAD, 10_000 * WAD * 100 // 15 * WAD, WAD)
    )  # a range of 15 % is 10,000
    profits, _ = portfolio.outcomes(future, scenarios("span"))
    assert len(profits) == len(array)
    assert all(abs(ours - theirs * WAD) <= 5 * WAD for ours, theirs in zip(profits, array, strict=True))  # to ten


def test_derive_has_the_published_standard_parameters() -> None:
    found = preset.load("derive-tests")
    assert found.perps is not None and found.options is not None
    for name in ("initial_rate", "maintenance_rate", "profit_weight", "confidence_threshold", "confidence_factor"):
        assert getattr(found.perps, name) == getattr(RISK, name)
    bare = {"heartbeat_secs": 0, "trade_band": 0}
    assert found.options._replace(**bare) == OPTION_RISK._replace(**bare)


@pytest.mark.parametrize("path", ACCOUNTS or [None], ids=lambda path: path.stem if path else "none")
def test_derive_gives_the_published_losses(path: Path | None) -> None:
    if path is None:
        pytest.skip(f"no published account in {VECTORS}")  # the project works without the folder
    content = json.loads(path.read_text(encoding="utf8"))
    found, account = preset.load("derive-tests"), account_of(content)
    assert found.portfolio_risk is not None
    theirs = risk_of(content["Parameters"])
    for group, ours in theirs._asdict().items():
        if any(abs(a - b) > FLOATS for a, b in zip(getattr(found.portfolio_risk, group), ours, strict=True)):
            # some of the accounts were published with parameters that are not the preset's
            pytest.skip(f"{path.stem} has a {group} of its own")
    ours = scenarios("derive-tests")
    far = [max(abs(a - b) for a, b in zip(*each, strict=True)) for each in zip(ours, account.scenarios, strict=False)]
    if len(ours) != len(account.scenarios) or max(far) > FLOATS:
        pytest.skip(f"{path.stem} has scenarios of its own")
    account.stake.risk = found.portfolio_risk
    losses(account._replace(scenarios=list(ours)), content["Scenario"], content["Result"], model)


def test_derive_has_the_figures_of_its_mainnet() -> None:
    path = CASES / "inputs" / "derive-mainnet.preset.yaml"
    if not path.is_file():
        pytest.skip(f"no cases in {CASES}")  # the project works without the folder
    theirs, ours = preset.load(str(path)), preset.load("derive")
    assert theirs.portfolio_risk is not None and ours.portfolio_risk is not None
    assert theirs.rules == ours.rules
    rate = theirs.portfolio_risk.rate
    assert (rate.long_base, rate.short_base) == (105 * WAD // 100, 95 * WAD // 100)  # held at 100 % in ours
    held = rate._replace(long_base=WAD, short_base=WAD)
    assert ours.portfolio_risk == theirs.portfolio_risk._replace(rate=held)


def test_correlations_are_placed_by_pair() -> None:
    part = preset.load("crossvault").rules
    assert part is not None
    made = rules.matrix(part, ("BTC", "SOL", "ETH"))  # pairs: BTC-SOL, BTC-ETH, SOL-ETH
    assert made.alike[:4] == (9 * WAD // 10, 9 * WAD // 10, 9 * WAD // 10, 0)
    assert made.opposite[:4] == (0, 9 * WAD // 10, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("up: 50 %", "upp: 50 %", ":5: portfolio.vol.upp: unknown field: did you mean 'up'?"),
        ("up: 50 %", "up: 0.5", ":5: portfolio.vol.up: 0.5 is a bare decimal number: quote it with its unit"),
        ("down: 25 %", "down: 25 %, floor: 0s", ":5: portfolio.vol.floor: 0s is out of range: expected 1s to 3650d"),
        ("vols: [up, down]", "vols: [upp]", ":8: rules.scenarios[0].vols[0]: 'upp': did you mean 'up'?"),
        (
            "[10 %, -10 %]",
            "[-100 %]",
            ":8: rules.scenarios[0].spots: -100 % is out of range: expected more than -100 % and at most 900 %",
        ),
        ("[10 %, -10 %]", str([f"{k} %" for k in range(25)]), ":7: rules.scenarios: are 50: expected at most 36"),
        (
            "alike: 80 %",
            "alike: 120 %",
            ":11: rules.correlations.ETH.BTC.alike: 120 % is out of range: expected -100 % to 100 %",
        ),
        (
            "ETH: {BTC: {alike: 80 %, opposite: 50 %}}",
            "{ETH: {BTC: {alike: 80 %}}, BTC: {ETH: {alike: 70 %}}}",
            ":10: rules.correlations: ETH with BTC differs from BTC with ETH: expected a symmetric matrix",
        ),
        (
            "ETH: {BTC: {alike: 80 %, opposite: 50 %}}",
            "{ETH: {BTC: {alike: 90 %}, SOL: {alike: 90 %}}, BTC: {SOL: {alike: -90 %}}}",
            ":10: rules.correlations: alike: no prices move so: expected a positive semidefinite matrix",
        ),
        ("portfolio:\n  vol: {up: 50 %, down: 25 %}\n", "", ": the file: has one of 'portfolio' and 'rules'"),
        ("source: none\n", "", ": source: is missing, and there is no default"),
    ],
)
def test_errors_of_presets_name_their_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf8")
    assert preset.load(str(path)).name == "mine"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new), encoding="utf8")
    with pytest.raises(ScenarioError) as wrong:
        preset.load(str(path))
    assert any(problem in line for line in str(wrong.value).splitlines()), str(wrong.value)


def test_an_unknown_preset_has_a_suggestion() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'derive'"):
        preset.load("drive")


def test_a_barely_positive_semidefinite_matrix_is_accepted() -> None:
    # 1, 1/2, 1/2; the third correlation may be -1/2 and no less: 1 + 2abc - a^2 - b^2 - c^2 = 0
    text = GOOD.replace(
        "ETH: {BTC: {alike: 80 %, opposite: 50 %}}",
        "{ETH: {BTC: {alike: 50 %}, SOL: {alike: 50 %}}, BTC: {SOL: {alike: SLOT}}}",
    )
    for slot, possible in (("-50 %", True), ("-50.0000000000000001 %", False)):
        part = preset.PresetPart.model_validate(yaml.safe_load(text.replace("SLOT", slot))).rules
        assert part is not None
        if possible:
            assert rules.matrix(part, UNITS).alike[2] == -WAD // 2
        else:
            with pytest.raises(ValueError, match="positive semidefinite"):
                rules.matrix(part, UNITS)
    assert Fraction(1) + 2 * Fraction(1, 2) ** 2 * Fraction(-1, 2) - 3 * Fraction(1, 4) == 0
