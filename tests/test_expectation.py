"""Expectations: what fails is told with file, line, what was expected and what came; every action can be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from tales import ACTORS, HEAD, LINE, PRICES, play, tale

from sim.scenario import load
from sim.story import ExpectationFailed


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (
            "do: withdraw, account: alice, amount: 501 USDC",
            "steps[0]: expected accepted, came refused: InsufficientMargin",
        ),
        (
            "do: look, expect: {equity of alice: 501 USDC}",
            "steps[0].expect: equity of alice: expected 501 USDC, came 500 USDC",
        ),
        (
            "do: deposit, account: alice, amount: 1 USDC, expect: {refused: StalePrice}",
            "steps[0].expect: expected refused: StalePrice, came refused: ERC20InsufficientBalance",
        ),
        (
            "do: bid, account: alice, bidder: maker, expect: {refused: {NotUnderLiquidation: {account: maker}}}",
            "steps[0].expect: expected refused: NotUnderLiquidation with account = maker, came NotUnderLiquidation(",
        ),
        ("do: pause, expect: {refused: VaultPaused}", "steps[0].expect: expected refused: VaultPaused, came accepted"),
    ],
)
def test_failed_expectations_name_the_line(tmp_path: Path, step: str, problem: str) -> None:
    path = tale(tmp_path, HEAD + PRICES + ACTORS + f"steps:\n  - {{{step}}}\n")
    with pytest.raises(ExpectationFailed) as failed:
        play(load(path))
    assert str(failed.value).startswith(f"{path}:{LINE + 3}: {problem}")


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("{liquidated: [alice]}", "checks[0]: expected liquidated: alice, came liquidated: nobody"),
        ("{steps: '> 100'}", "checks[0]: expected steps: > 100, came"),
        ("{refusals: {StalePrice: 1}}", "checks[0]: expected StalePrice: 1, came 0"),
        ("{insurance: 5 USDC}", "checks[0]: insurance: expected 5 USDC, came 0 USDC"),
    ],
)
def test_failed_checks_name_the_line(tmp_path: Path, check: str, problem: str) -> None:
    path = tale(tmp_path, HEAD + PRICES + ACTORS + f"checks:\n  - {check}\n")
    with pytest.raises(ExpectationFailed) as failed:
        play(load(path))
    assert str(failed.value).startswith(f"{path}:{LINE + 3}: {problem}")


def test_a_refused_opening_names_the_actor(tmp_path: Path) -> None:
    path = tale(tmp_path, HEAD + PRICES + ACTORS.replace("500 USDC]", "500 USDC], leverage: {ETH-PERP: 11x}"))
    with pytest.raises(ExpectationFailed, match=r"actors\.alice\.leverage\.ETH-PERP: expected accepted, came refused"):
        play(load(path))


RISK = "{heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}"
TERMS = "{haircut initial: 30 %, haircut maintenance: 15 %, cap: 5 USD}"
AUCTION = "{buffer: 15 %, start: 98 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}"
DEPEG = "{feed: ETH, threshold: 99 %, factor: 100 %}"
EVERYTHING = f"""
steps:
  - {{do: mint, to: alice, amount: 5 WETH}}
  - {{do: transfer, by: alice, to: maker, amount: 1 WETH, expect: {{wallet of maker in WETH: 1 WETH}}}}
  - {{do: deposit, account: alice, amount: 4 WETH, expect: {{balance of alice in WETH: 4 WETH}}}}
  - do: publish
    underlying: ETH
    price: 201 USD
    premium: -1 USD
    confidence: 90 %
    expect: {{mark of ETH-PERP: 200 USD}}
  - do: publish
    underlying: ETH
    price: 200 USD
    published: 2023-12-31T00:00:00Z
    expect: {{refused: PriceGoesBackwards}}
  - {{do: schedule risk, underlying: ETH, risk: {RISK}}}
  - {{do: schedule haircut, collateral: WETH, terms: {TERMS}}}
  - {{do: schedule auction, terms: {AUCTION}}}
  - {{do: schedule depeg, terms: {DEPEG}}}
  - {{do: pause, by: guardian}}
  - {{do: withdraw, account: alice, amount: 1 WETH, expect: {{refused: VaultPaused}}}}
  - {{do: unpause}}
  - {{do: set guardian, to: maker}}
  - {{do: allow feeder, to: maker}}
  - {{do: forbid feeder, to: maker}}
  - {{do: allow operator, account: alice, operator: maker}}
  - {{do: withdraw, by: maker, account: alice, amount: 1 WETH, expect: {{wallet of maker in WETH: 2 WETH}}}}
  - {{do: forbid operator, account: alice, operator: maker}}
  - do: withdraw
    by: maker
    account: alice
    amount: 1 WETH
    expect: {{refused: {{NotAuthorized: {{sender: maker}}}}}}
  - {{do: offer ownership, to: maker}}
  - {{do: accept ownership, by: maker}}
  - {{at: +48h, do: enact risk, by: maker, underlying: ETH, risk: {RISK}}}
  - {{do: enact haircut, by: maker, collateral: WETH, terms: {TERMS}}}
  - {{do: enact auction, by: maker, terms: {AUCTION}}}
  - {{do: enact depeg, by: maker, terms: {DEPEG}}}
  - {{do: declare insolvent, account: alice, expect: any}}
  - {{do: end liquidation, account: alice, expect: {{refused: NotUnderLiquidation}}}}
checks: [conserved, solvent]
"""


def test_every_action_can_be_written(tmp_path: Path) -> None:
    text = HEAD.replace("starts:", "seed: 3\nstarts:") + PRICES + ACTORS + EVERYTHING
    actions = {step.action for step, _ in play(load(tale(tmp_path, text)))[1]}
    assert {"enact_depeg", "accept_ownership", "transfer", "withdraw_collateral", "set_feeder"} <= actions
