"""Expectations: a failure reports file, line, expected and actual value; every action can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.differential import doors
from crossvault.differential.story import ExpectationFailed, OpeningRefused
from crossvault.scenario import load
from small_scenarios import ACTORS, HEAD, LINE, PRICES, START, play, scenario_file


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (
            "do: withdraw, account: alice, amount: 501 USDC",
            "steps[0]: expected accepted, got refused: InsufficientMargin",
        ),
        (
            "do: look, expect: {equity of alice: 501 USDC}",
            "steps[0].expect: equity of alice: expected 501 USDC, got 500 USDC",
        ),
        (
            "do: deposit, account: alice, amount: 1 USDC, expect: {refused: StalePrice}",
            "steps[0].expect: expected refused: StalePrice, got refused: ERC20InsufficientBalance",
        ),
        (
            "do: bid, account: alice, bidder: maker, expect: {refused: {NotUnderLiquidation: {account: maker}}}",
            "steps[0].expect: expected refused: NotUnderLiquidation with account = maker, got NotUnderLiquidation(",
        ),
        ("do: pause, expect: {refused: VaultPaused}", "steps[0].expect: expected refused: VaultPaused, got accepted"),
    ],
)
def test_failed_expectations_name_the_line(tmp_path: Path, step: str, problem: str) -> None:
    path = scenario_file(tmp_path, HEAD + PRICES + ACTORS + f"steps:\n  - {{{step}}}\n")
    with pytest.raises(ExpectationFailed) as failed:
        play(load(path))
    assert str(failed.value).startswith(f"{path}:{LINE + 3}: {problem}")


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("{liquidated: [alice]}", "checks[0]: expected liquidated: alice, got liquidated: none"),
        ("{steps: '> 100'}", "checks[0]: expected steps: > 100, got"),
        ("{refusals: {StalePrice: 1}}", "checks[0]: expected StalePrice: 1, got 0"),
        ("{insurance: 5 USDC}", "checks[0]: insurance: expected 5 USDC, got 0 USDC"),
    ],
)
def test_failed_checks_name_the_line(tmp_path: Path, check: str, problem: str) -> None:
    path = scenario_file(tmp_path, HEAD + PRICES + ACTORS + f"checks:\n  - {check}\n")
    with pytest.raises(ExpectationFailed) as failed:
        play(load(path))
    assert str(failed.value).startswith(f"{path}:{LINE + 3}: {problem}")


def test_a_refused_opening_names_the_actor(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, HEAD + PRICES + ACTORS.replace("500 USDC]", "500 USDC], leverage: {ETH-PERP: 11x}"))
    with pytest.raises(OpeningRefused) as refused:
        play(load(path))
    assert refused.value.exit_code == 2
    assert str(refused.value).endswith(
        ":12: actors.alice.leverage.ETH-PERP: the margin balance of alice, 500 USDC, is below its initial margin"
        " requirement of 550 USDC"
    )


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
  - {{do: set guardian, to: maker, expect: {{refused: NotScheduled}}}}
  - {{do: schedule guardian, to: maker}}
  - {{do: cancel changes, by: maker, expect: {{refused: NotGuardian}}}}
  - {{do: seal}}
  - {{do: schedule feeder, to: maker}}
  - {{do: allow feeder, to: maker, expect: {{refused: TooEarly}}}}
  - {{do: forbid feeder, to: maker}}
  - {{do: allow operator, account: alice, operator: maker}}
  - {{do: withdraw, by: maker, account: alice, amount: 1 WETH, expect: {{refused: NotAuthorized}}}}
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
    actions = {step.action for step, _ in play(load(scenario_file(tmp_path, text)))[1]}
    assert {"enact_depeg", "accept_ownership", "transfer", "withdraw_collateral", "set_feeder"} <= actions


OPTIONS = (
    "{heartbeat: 2h, trade band: 5 %, max spot rate: 15 %, min spot rate: 10 %, call rate: 7.5 %, put rate: 7.5 %}"
)
INTEREST = "{min rate: 10 %, low slope: 10 %, high slope: 100 %, optimal utilisation: 50 %, reserve factor: 20 %}"
WIDE = (
    HEAD.replace("maintenance margin: 5 %}", f"""maintenance margin: 5 %, funding cap: 1 %,
      options: {OPTIONS}, guard: {{max jump: 50 %, confirm: 1m}},
      expiries: {{20240102: {{surface: 50 %}},
                 20240103: {{basis: 3 USD, surface: {{a: 1 %, b: 4 %, rho: -30 %, sigma: 9 %}}}}}}}}""")
    .replace("  underlyings:", f"  interest: {INTEREST}\n  underlyings:")
)  # fmt: skip
EXPIRIES = (1_704_182_400, 1_704_268_800)  # date -u -d '2024-01-02 08:00' +%s, and a day later
ORDER = "expires: +1h, instrument: ETH-20240102, limit: 200 USD"
EVERYTHING_DATED = f"""
steps:
  - do: look
    expect:
      mark of ETH-20240102: 200 USD
      mark of ETH-20240103: 203 USD
      settlement of ETH-20240102: 0 USD
      index of ETH: 200 USD
      stable price of ETH: 200 USD
      utilisation: 0 %
      borrow rate: 10 %
  - do: batch
    calls:
      - {{do: trade, maker: maker, taker: alice, instrument: ETH-20240102, size: 1 ETH, price: mark}}
      - {{do: trade, maker: maker, taker: alice, instrument: ETH-20240103-200-C, size: -1 ETH, price: mark}}
    expect: {{size of alice in ETH-20240103-200-C: -1 ETH, value of alice in ETH-20240102: 0 USDC}}
  - do: batch
    by: alice
    calls: [{{do: withdraw, account: alice, amount: 1 USDC}}, {{do: deposit, account: alice, amount: 1 USDC}}]
    expect: {{wallet of alice in USDC: 0 USDC}}
  - {{do: publish forward, underlying: ETH, expiry: 20240102, forward: 201 USD, rate: 5 %, confidence: 99 %}}
  - do: publish surface
    underlying: ETH
    expiry: 20240102
    surface: {{b: 5 %, m: -2 %, fitted: 30 days}}
    confidence: 99 %
  - do: look
    expect: {{mark of ETH-20240102: 201 USD, value of alice in ETH-20240102: 1 USDC}}
  - do: publish surface
    underlying: ETH
    expiry: 20240109
    surface: 50 %
    expect: {{refused: {{UnknownExpiry: {{underlying: ETH, expiry: 20240109}}}}}}
  - {{do: open expiry, underlying: ETH, expiry: 20240109T143000, surface: 40 %}}
  - {{do: look, expect: {{mark of ETH-20240109T143000: 200 USD}}}}
  - {{do: open expiry, underlying: ETH, expiry: 20240102, expect: {{refused: {{ExpiryListed: {{expiry: 20240102}}}}}}}}
  - {{do: order, name: bid, account: alice, size: 1 ETH, {ORDER}}}
  - {{do: order, name: ask, account: maker, size: -2 ETH, {ORDER}, salt: 5}}
  - {{do: fill, matches: [{{maker: ask, taker: bid, size: 1 ETH}}], expect: {{size of alice in ETH-20240102: 2 ETH}}}}
  - {{do: cancel below, account: maker, salt: 6}}
  - {{do: cancel, order: bid, by: maker, expect: {{refused: {{NotAuthorized: {{sender: maker}}}}}}}}
  - {{do: forbid operator, account: alice, operator: exchange}}
  - {{do: schedule options, underlying: ETH, options: {OPTIONS}}}
  - {{do: schedule guard, underlying: ETH, guard: {{max jump: 40 %}}}}
  - {{do: schedule interest, interest: {INTEREST}}}
  - {{do: settle, underlying: ETH, expiry: 20240102, expect: {{refused: {{NotSettled: {{expiry: 20240102}}}}}}}}
  - at: +1h
    do: look
    expect: {{mark of ETH-20240109T143000: 220 USD, mark of ETH-20240103: 223 USD, mark of ETH-20240102: 220 USD}}
  - at: +4h
    do: trade
    maker: maker
    taker: alice
    instrument: ETH-PERP
    size: 1 ETH
    expect: {{refused: {{StalePrice: {{underlying: ETH, expiry: none, published at: +1h}}}}}}
  - {{at: +2 days, do: enact options, underlying: ETH, options: {OPTIONS}}}
  - {{do: enact guard, underlying: ETH, guard: {{max jump: 40 %}}}}
  - {{do: enact interest, interest: {INTEREST}}}
checks: [conserved, solvent]
"""


def test_every_action_with_expiries_options_and_orders_can_be_written(tmp_path: Path) -> None:
    steps = play(load(scenario_file(tmp_path, WIDE + PRICES + ACTORS + EVERYTHING_DATED)))[1]
    actions = {step.action for step, outcome in steps if outcome.refusal is None}
    assert {"enact_interest", "enact_guard", "enact_options", "open_expiry", "publish_surface"} <= actions
    assert {"batch", "fill", "cancel_below"} <= actions
    for step, _ in steps:  # records keep the order of a step's arguments, and replays that of the door
        assert list(step.args) == list(doors.arguments(step.action))


def test_interest_equals_the_calculation_on_paper(tmp_path: Path) -> None:
    # 500 of 1,000 are borrowed: 50 %, so 10 % + 10 % of 50 % = 15 % a year. Compounded for a year that is e^0.15 - 1 =
    # 16.1834 % of 500 = 80.917; a fifth is kept, and 64.7337 are added to 1,000. A year later all that is owed: 580.92.
    text = WIDE.replace("heartbeat: 2h", "heartbeat: 52 weeks").replace("heartbeat: 2h", "heartbeat: 52 weeks")
    text += "prices: {ETH: {at: {+0h: 2,000 USD}}}\n".replace("2,000 USD", "'2,000 USD'")
    text += "actors: {lena: {deposits: ['1,000 USDC']}, bob: {deposits: [1 WETH]}}\n"
    text += """
steps:
  - do: withdraw
    account: bob
    amount: 500 USDC
    expect: {utilisation: 50 %, borrow rate: 15 %, cash of bob: -500 USDC}
  - at: +365 days
    do: look
    expect:
      borrow index: ~ 1.161834x
      supply index: ~ 1.064734x
      cash of bob: ~ -580.917 USDC
      cash of lena: ~ 1,064.734 USDC
      utilisation: "> 50 %"
"""
    play(load(scenario_file(tmp_path, text)))


def test_nothing_is_used_and_the_rate_is_the_least_in_a_vault_without_cash(tmp_path: Path) -> None:
    text = WIDE + "prices: {ETH: {at: {+0h: '2,000 USD'}}}\n"
    text += "steps: [{do: look, expect: {utilisation: 0 %, borrow rate: 10 %}}]\n"
    play(load(scenario_file(tmp_path, text)))


def test_forwards_wait_for_the_confirmation_of_a_price_jump(tmp_path: Path) -> None:
    # twice the price is more than a jump of 50 %: it counts once it is confirmed by a second price
    text = "prices: {ETH: {every: 1h, values: [200 USD, 400 USD, 400 USD]}}\n"
    text += """
steps:
  - {at: +1h, do: look, expect: {index of ETH: 200 USD, mark of ETH-20240102: 200 USD, mark of ETH-20240103: 203 USD}}
  - {at: +2h, do: look, expect: {index of ETH: 400 USD, mark of ETH-20240102: 400 USD, mark of ETH-20240103: 403 USD}}
"""
    play(load(scenario_file(tmp_path, WIDE + text)))


def test_an_expiry_that_does_not_follow_the_index_is_published_once(tmp_path: Path) -> None:
    expiries = "{20240102: {forward: 210 USD}, 20240103: {follows: no}}"
    world = HEAD.replace("maintenance margin: 5 %}", f"maintenance margin: 5 %, expiries: {expiries}}}")
    text = """
steps:
  - {at: +1h, do: look, expect: {mark of ETH-20240102: 210 USD, mark of ETH-20240103: 200 USD}}
"""
    steps = [step for step, _ in play(load(scenario_file(tmp_path, world + PRICES + text)))[1]]
    published = [step.at - START for step in steps if step.action == "publish_forward"]
    assert published == [0, 0, 3600]


def test_premiums_hold_from_their_time_on(tmp_path: Path) -> None:
    prices = "prices: {ETH: {every: 1h, values: [200 USD, 200 USD, 200 USD], premiums: {+1h: 2 USD, +90m: -1 USD}}}\n"
    steps = play(load(scenario_file(tmp_path, HEAD + prices)))[1]
    premiums = [step.args["premium_wad"] // 10**18 for step, _ in steps if step.action == "publish_price"]
    assert premiums == [0, 2, -1]


def test_parameters_are_scheduled_before_the_story_and_in_force_at_its_start(tmp_path: Path) -> None:
    story = load(scenario_file(tmp_path, WIDE + PRICES))
    steps = [step for step, _ in play(story)[1]]
    assert story.world.starts_at == START - story.world.delay_secs == steps[0].at
    enacted = [step.at for step in steps if step.action.startswith("enact")]
    assert enacted == [START] * 3
    assert load(scenario_file(tmp_path, HEAD + PRICES)).world.starts_at == START


def test_a_surface_keeps_its_volatility_and_follows_the_forward(tmp_path: Path) -> None:
    # a flat surface has variance v * v per year; the other is fitted once, 56 hours before its expiry, at the forward
    steps = [
        step for step, _ in play(load(scenario_file(tmp_path, WIDE + PRICES)))[1] if step.action == "publish_surface"
    ]
    flat, fitted = ([step.args["svi"] for step in steps if step.args["expiry"] == at] for at in EXPIRIES)
    assert [(each.a, each.ref_secs) for each in flat] == [(25 * 10**16, 365 * 86_400)] * 2
    assert [each.ref_forward for each in flat] == [200 * 10**18, 220 * 10**18]
    assert [(each.ref_secs, each.ref_forward) for each in fitted] == [
        (56 * 3600, 203 * 10**18),
        (56 * 3600, 223 * 10**18),
    ]
