"""`crossvault margin`: figures on paper for small portfolios by each method, on both sides; trades; bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import start
from crossvault.differential.model import Model
from crossvault.differential.step import instrument_number
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import methods, portfolio_file, vault_setup
from crossvault.portfolio.sensitivity import sensitivities
from crossvault.scenario import ScenarioError, preset
from papers import HEAD, Write, by_method, capital_usd, compared, write as write  # the fixture, by its name

UNITS = ("ETH", "BTC")
CENT = WAD // 100
MANY = ", ".join(f"ETH-20260327-{1_000 + 100 * k}-C: 1 ETH" for k in range(25))


def test_one_perp_by_every_method(write: Write) -> None:
    # 10 ETH at 2,000: 20,000 of notional
    found = compared(write(HEAD + "positions: {ETH-PERP: 10 ETH}\n"))
    assert capital_usd(found) == {
        "isolated": (3_900, 2_600),  # 19.5 % and 13 %
        "standard": (3_900, 2_600),
        "crossvault": (4_120, 2_733),  # 19.5 % and 1.1 %; 67 % of it and 0.6 %
        "deribit": (4_420, 3_400),  # 130 % of 16 %, and 1.3 %; 16 % and 1 %
        "derive": (4_400, 3_480),  # 18 % and 4 %; 80 % of it and 3 %
        "derive-tests": (4_000, 3_180),  # 18 % and 2 %; 80 % of it and 1.5 %
        "paradex": (3_200, 1_600),  # 16 %, and half of it
        "span": (3_300, 3_000),  # 110 % of 15 %
    }
    results = by_method(found)
    assert {each.equity_wad for each in results.values()} == {5_000 * WAD}
    assert results["standard"].health_wad == 5_000 * WAD // 2_600
    losses = results["paradex"].losses
    assert losses is not None and losses.profits_wad[losses.worst] == -3_200 * WAD
    assert losses.scenarios[losses.worst].spot_shock == -16 * WAD // 100
    own = results["crossvault"].losses
    assert own is not None and (own.loss_initial_wad, own.contingencies_wad) == (3_900 * WAD, 220 * WAD)


def test_where_one_perp_is_liquidated(write: Write) -> None:
    # 5,000 + 10 (P - 2,000) = 13 % of 10 P at P = 15,000 / 8.7, which is 13.793103 % below 2,000
    found = compared(write(HEAD + "positions: {ETH-PERP: 10 ETH}\n"))
    standard, [alone] = by_method(found)["standard"].distance, found.standalone
    assert standard is not None and standard.up is None and standard.down is not None
    assert abs(standard.down + WAD * 4 // 29) <= WAD // 10**6
    assert alone.distance == standard  # its share of the equity is all of it
    # paradex: 5,000 - 20,000 x = 50 % of 16 % of 20,000 (1 - x) at x = 3,400 / 18,400
    paradex = by_method(found)["paradex"].distance
    assert paradex is not None and paradex.down is not None
    assert abs(paradex.down + WAD * 34 // 184) <= WAD // 10**6


def test_a_perp_against_a_future(write: Write) -> None:
    found = compared(write(HEAD + "positions: {ETH-PERP: 10 ETH, ETH-20260327: -10 ETH}\n"))
    capital = {each.method: each.capital for each in found.results}
    assert capital["isolated"] == (7_800 * WAD, 5_200 * WAD)
    assert capital["standard"] == (240 * WAD, 240 * WAD)  # 0.6 % of 40,000 gross
    assert capital["paradex"] == capital["span"] == (0, 0)  # nothing is lost, whatever happens, and neither has a basis
    basis_wad = 900 * 636_986_301_369_863_014  # 4.5 % of 20,000 * (50 % + 200 % * 25 days of a year, rounded up)
    # 1.1 % and 0.6 % of 40,000, and the basis, 67 % of it at maintenance
    assert capital["crossvault"] == (440 * WAD + basis_wad, 240 * WAD + basis_wad * 67 // 100)
    assert methods.efficiency(400, 4_000) == 9 * WAD // 10
    [pair] = by_method(found)["crossvault"].pairs
    assert pair.risk_offset_wad == 7_800 * WAD - basis_wad  # 19.5 % of 20,000, twice; the basis stays
    assert by_method(found)["standard"].distance == (None, None)
    assert [each.distance for each in found.standalone] != [None, None]


def test_two_underlyings_offset_by_their_correlation(write: Write) -> None:
    # 20,000 of ether long and 20,000 of bitcoin short: W = 19.5 % of each = 3,900
    text = HEAD.replace("60000", "50000")
    found = by_method(compared(write(text + "positions: {ETH-PERP: 10 ETH, BTC-PERP: -0.4 BTC}\n")))
    # initial, broken down: 3,900 √(2 - 2 · 0.7); maintenance: 3,900 √(2 - 2 · 0.9); and 1.1 %, 0.6 % of 40,000
    assert abs(found["crossvault"].capital.initial_wad - (302_093 + 44_000) * CENT) <= CENT  # 3,020.93
    assert abs(found["crossvault"].capital.maintenance_wad - (116_857 + 24_000) * CENT) <= CENT  # 67 % of 1,744.13
    assert found["derive"].capital.initial_wad == (7_200 + 1_600) * WAD  # no offset
    losses = found["crossvault"].losses
    assert losses is not None and losses.outlook.joint_wad == 0  # what one loses the other gains
    assert [leg.loss_wad for leg in losses.outlook.legs[:2]] == [3_900 * WAD, 3_900 * WAD]
    same = by_method(compared(write(text + "positions: {ETH-PERP: 10 ETH, BTC-PERP: 0.4 BTC}\n")))
    assert same["crossvault"].capital.initial_wad == (7_800 + 440) * WAD  # both fall at once


@pytest.mark.slow
def test_tails_of_shorts_far_out_of_the_money(write: Write) -> None:
    # +500 % at 2.772 %: 20 calls lose 9,000 each; +300 % at 1.2 %: 5,000 each; and 0.5 % of 2,000 for each of 40 shorts
    shorts = "positions: {ETH-20260327-3000-C: -20 ETH, ETH-20260327-1200-P: -20 ETH}\n"
    found = by_method(compared(write(HEAD + shorts)))
    marks_wad = 5_000 * WAD - found["derive"].equity_wad  # 12.6 of marks that are not lost twice
    assert 12 * WAD < marks_wad < 13 * WAD
    for method, weight, loss_usd in (("derive", 2_772, 180_000), ("derive-tests", 1_200, 100_000)):
        expected_wad = (loss_usd * WAD - marks_wad) * weight // 10**5 + 400 * WAD
        assert abs(found[method].capital.initial_wad - expected_wad) <= CENT
    assert abs(found["derive"].capital.initial_wad - 538_925 * CENT) <= CENT // 2


@pytest.mark.slow
def test_naked_shorts_and_a_long(write: Write) -> None:
    # 20 % out of the money: 13 % of 2,000 for each and its mark; 105 % of it for the put at initial. The mark is owed
    shorts = "positions: {ETH-20260327-2400-C: -1 ETH, ETH-20260327-1600-P: -1 ETH}\n"
    sold = compared(write(HEAD + shorts))
    isolated, standard, *_ = sold.results
    [put] = [line.mark_wad for line in sold.book.lines if not line.is_call]
    assert isolated.capital == standard.capital
    assert standard.capital.maintenance_wad == 520 * WAD
    assert abs(standard.capital.initial_wad - (533 * WAD + put // 20)) <= 1
    found = compared(write(HEAD + "positions: {ETH-20260327-2400-C: 1 ETH}\n"))
    [alone] = found.standalone
    mark_wad = found.book.lines[0].mark_wad
    assert 20 * WAD < mark_wad < 22 * WAD  # Black: 20.85
    assert alone.capital == by_method(found)["standard"].capital == (mark_wad, mark_wad)
    assert found.results[0].equity_wad == 5_000 * WAD + mark_wad


def test_the_haircut_of_collateral_is_capital(write: Write) -> None:
    weth = "collateral: {WETH: {amount: 2 WETH, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}}\n"
    found = compared(write(HEAD + weth + "positions: {ETH-PERP: -2 ETH}\n"))
    capital = capital_usd(found)
    assert capital["isolated"] == capital["standard"] == (780 + 800, 520 + 600)
    assert capital["paradex"] == (800, 600)  # what the short loses, the collateral gains
    assert capital["crossvault"] == (800 + 44, 600 + 24)
    [eth, btc] = sensitivities(found.book, UNITS)
    assert (eth.delta_wad, eth.collateral_wad) == (-2 * WAD, 2 * WAD) and btc.delta_wad == 0


def test_a_portfolio_that_fails_margin_is_measured_too(write: Write) -> None:
    text = HEAD.replace("cash: 5000 USDC", "cash: -1000 USDC")
    found = by_method(compared(write(text + "positions: {ETH-PERP: 10 ETH}\n")))["standard"]
    assert found.equity_wad == -1_000 * WAD and found.capital == (3_900 * WAD, 2_600 * WAD)
    assert found.distance == (0, 0)


def weth(more: str = "") -> str:
    """Two ether as collateral."""
    bare = "amount: 2 WETH, underlying: ETH, haircut initial: 0 %, haircut maintenance: 0 %"
    return f"collateral: {{WETH: {{{bare}{more}}}}}"


def test_a_portfolio_without_a_position(write: Write) -> None:
    found = by_method(compared(write(HEAD + weth() + "\n"), "paradex"))
    assert (found["standard"].equity_wad, found["standard"].requirement_wad) == (9_000 * WAD, (0, 0))
    assert found["paradex"].requirement_wad == (640 * WAD, 320 * WAD)  # 16 % of 4,000, and half of it
    assert found["isolated"].capital == (0, 0) and found["standard"].distance == (None, None)


def test_confidence_of_index_perp_and_collateral(write: Write) -> None:
    # below 40 % of confidence: 40 % of what is missing, here 28 %; one perp at 19.5 % of 2,000
    one = "positions: {ETH-PERP: 1 ETH}\n"

    def required(head: str, more: str = "") -> int:
        return by_method(compared(write(f"{head}{weth(more)}\n{one}"), "span"))["standard"].requirement_wad[0]

    assert required(HEAD) == 390 * WAD
    assert required(HEAD, ", confidence: 30 %") == (390 + 1_120) * WAD  # of 4,000 of collateral
    doubtful = HEAD.replace("index: 2000 USD", "index: 2000 USD, confidence: 30 %")
    assert required(doubtful) == (390 + 1_680) * WAD  # of 6,000
    assert required(doubtful, ", confidence: 100 %") == (390 + 560) * WAD  # of the perp only
    assert required(HEAD.replace("index: 2000 USD", "index: 2000 USD, perp confidence: 30 %")) == (390 + 1_680) * WAD


def test_the_price_of_the_quote_token(write: Write) -> None:
    one = "quote price: 0.9 USD\npositions: {ETH-PERP: 1 ETH}\n"
    found = by_method(compared(write(HEAD + one), "crossvault"))
    assert found["standard"].requirement_wad[0] == 390 * WAD  # without a threshold no surcharge
    assert found["crossvault"].requirement_wad[0] == (452 + 22) * WAD + 40 * CENT  # 116 % of 390, and 1.1 %
    found = by_method(compared(write(HEAD + "depeg: {threshold: 98 %, factor: 200 %}\n" + one), "span"))
    assert found["standard"].requirement_wad == ((390 + 320) * WAD, 260 * WAD)  # twice the missing 8 % of 2,000


def test_collateral_with_a_feed_of_its_own_moves_with_its_underlying(write: Write) -> None:
    short = "positions: {ETH-PERP: -4 ETH}\n"
    plain = compared(write(f"{HEAD}{weth()}\n{short}"), "paradex")
    fed = compared(write(f"{HEAD}{weth(', confidence: 100 %')}\n{short}"), "paradex")
    assert by_method(plain)["standard"] == by_method(fed)["standard"]
    assert by_method(plain)["standard"].distance != (None, None)
    assert sensitivities(fed.book, UNITS, {0: (2,)}) == sensitivities(plain.book, UNITS)
    # in portfolio margin it hedges nothing: 16 % of 8,000, and of the 4,000 that are left where it does
    assert by_method(fed)["paradex"].requirement_wad[0] == 1_280 * WAD
    assert by_method(plain)["paradex"].requirement_wad[0] == 640 * WAD


def test_a_perp_price_or_premium_and_marks(write: Write) -> None:
    text = HEAD.replace("BTC: {index: 60000 USD}", "BTC: {index: 60000 USD, perp: 60300 USD}")
    found = by_method(compared(write(text + "positions: {BTC-PERP: 1 BTC}\n")))
    assert found["standard"].capital == (117_585 * WAD // 10, 7_839 * WAD)  # 19.5 % and 13 % of 60,300
    assert found["standard"].equity_wad == 5_000 * WAD


def test_an_option_that_is_bought_is_paid_for(write: Write) -> None:
    held = portfolio_file.load(write(HEAD + "positions: {ETH-PERP: 10 ETH}\n"))
    model = Model(vault_setup.world(held))
    vault_setup.VaultSetup(held, model, model.apply).set_up(preset.load("span"))
    call = instrument_number("ETH-20260327-2400-C", UNITS)
    assert portfolio_file.trade("ETH-20260327-2400-C -2", held) == (call, -2 * WAD)
    after = vault_setup.after_premiums(held, model, {call: 2 * WAD, instrument_number("ETH-PERP", UNITS): -10 * WAD})
    assert after.positions == {call: 2 * WAD}
    assert 41 * WAD < held.cash_wad - after.cash_wad < 43 * WAD  # twice 20.85


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("positions: {ETH-PREP: 1 ETH}", ":7: positions.ETH-PREP: unknown name 'ETH-PREP': did you mean"),
        ("positions: {ETH-PERP: 1 BTC}", ":7: positions.ETH-PERP: '1 BTC' is in BTC: expected ETH"),
        ("positions: {ETH-PERP: 0 ETH}", ":7: positions.ETH-PERP: is a position of nothing"),
        ("positions: {ETH-PERP: 1.5}", ":7: positions.ETH-PERP: 1.5 is a bare decimal number"),
        (f"positions: {{{MANY}}}", ":7: positions: are 25 options: portfolio margin takes at most 24"),
        ("depeg: {threshold: 98 %, factor: 200 %}", ":7: depeg: has no effect without 'quote price'"),
        ("quote price: 0 USD", ":7: quote price: 0 USD is out of range"),
        ("quote price: 0.99 USD\ndepeg: {threshold: 101 %, factor: 1 %}", ":8: depeg.threshold: 101 % is out of range"),
        ("quote prize: 0.99 USD", ":7: quote prize: unknown field: did you mean 'quote price'?"),
        ("collateral: {W: {amount: 1 W, underlying: ETH, haircut initial: 2 %, haircut maintenance: 1 %,"
         " confidence: 101 %}}", ":7: collateral.W.confidence: 101 % is out of range: expected 0 % to 100 %"),
        ("postions: {ETH-PERP: 1 ETH}", ":7: postions: unknown field: did you mean 'positions'?"),
        ("positions: {BTC-20260327: 1 BTC}", ":7: positions.BTC-20260327: has no price"),
        ("positions: {ETH-20260328-2000-C: 1 ETH}", ": has no price: did you mean 'ETH-20260327'?"),
        ("standard: drive\npositions: {ETH-PERP: 1 ETH}", ":7: standard: drive: there is no such preset: did you mean"),
        ("standard: span\npositions: {ETH-PERP: 1 ETH}", ":7: standard: the preset 'span' has no standard margin"),
        ("collateral: {W: {amount: 1 W, underlying: ETC, haircut initial: 20 %, haircut maintenance: 15 %}}\n"
         "positions: {ETH-PERP: 1 ETH}", ":7: collateral.W.underlying: unknown name 'ETC': did you mean 'ETH'?"),
    ],
)  # fmt: skip
def test_bad_portfolios_name_their_line(write: Write, line: str, message: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        portfolio_file.load(write(f"{HEAD}{line}\n"))
    assert any(message in each for each in str(wrong.value).splitlines()), str(wrong.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["strangel"], "did you mean 'strangle'?"),
        (["no-such.yaml"], "no-such.yaml: there is no such file"),
        (["strangle", "--method", "drive"], "--method: 'drive' is no method: did you mean 'derive'?"),
        (["strangle", "--standard", "paradex"], "--standard: 'paradex' has no standard margin"),
        (["strangle", "--trade", "ETH-PREP 1"], "--trade: 'ETH-PREP 1': unknown name 'ETH-PREP'"),
        (["strangle", "--trade", "ETH-PERP"], "--trade: 'ETH-PERP'"),
        (["strangle", "--trade", "ETH-PERP +5 BTC"], "'5 BTC' is in BTC: expected ETH"),
    ],
)
def test_bad_words_are_exit_code_2(words: list[str], message: str) -> None:
    done = start("margin", *words)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


@pytest.mark.slow
def test_the_contracts_give_the_same_figures() -> None:
    done = start("margin", "delta-neutral", "--chain", "--trade", "ETH-20260327-2000-P +1", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    for side in (found["before"], found["after"]):
        assert side["chain"].startswith("the contracts agree: ") and "no difference" in side["chain"]
    capital = {each["method"]: each["initial_capital_wad"] for each in found["before"]["methods"]}
    # 18.9 % of 3,900 net and 0.6 % of 44,100 gross; two calls at 260; 19.5 % of 6,000 of bitcoin; 20 % of 4,000
    assert capital["standard"] == str((1_001_70 + 520_00 + 1_170_00 + 800_00) * CENT)
    assert capital["isolated"] == str((4_680_00 + 3_919_50 + 520_00 + 1_170_00 + 800_00) * CENT)
    assert set(capital) == {"isolated", "standard", *preset.names()}


def test_the_text_has_its_parts() -> None:
    done = start("margin", "strangle", "--method", "paradex", "--trade", "ETH-PERP +2")
    assert done.returncode == 0, done.stderr
    for shown in (
        "isolated",
        "paradex",
        "change by the trade",
        "every scenario of paradex",
        "greeks",
        "risk offset IM",
    ):
        assert shown in done.stdout
    assert "standard  " not in done.stdout and all(len(line) <= 100 for line in done.stdout.splitlines())
