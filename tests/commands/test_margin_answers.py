"""`crossvault margin` with questions: tables and JSON, bad words, and the contracts at the answers and next to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import start
from crossvault.commands.sides import opened
from crossvault.lockstep.run import Diverged
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import margin_questions, vault_setup
from crossvault.portfolio.margin_questions import MarginQuestions, MethodAnswers
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.vault_setup import VaultSetup
from crossvault.report.margin_measures import ContractFigures
from crossvault.scenario import preset
from margin_cases import HEAD, instrument, loaded

FEW = ["--method", "standard", "--method", "paradex"]
EVERY = MarginQuestions(((0, 2_500 * WAD), (0, 1_300 * WAD)), (instrument("ETH-PERP"),), (0,), liquidation=True)


@pytest.fixture
def long(tmp_path: Path) -> str:
    """The path of a portfolio of ten perps and no other position."""
    path = tmp_path / "long.yaml"
    path.write_text(HEAD + "cash: 5000 USDC\npositions: {ETH-PERP: 10 ETH}\n", encoding="utf8")
    return str(path)


def test_json_has_every_digit_of_the_answers(long: str) -> None:
    flags = ["--until-liquidated-at", "ETH=1,500", "--max-size", "ETH-PERP", "--hedge", "ETH", "--liquidation-prices"]
    done = start("margin", long, *FEW, *flags, "--json")
    assert done.returncode == 0, done.stderr
    isolated, standard, paradex = json.loads(done.stdout)["answers"]
    assert [each["method"] for each in (isolated, standard, paradex)] == ["isolated", "standard", "paradex"]
    assert standard["cash_until"] == [
        {
            "underlying": "ETH",
            "price_wad": str(1_500 * WAD),
            "cash_raw": str(1_950 * WAD - 7),  # see test_cash_until_a_price
            "first_liquidated_wad": str(1_500 * WAD),
            "short_wad": str(1_500 * WAD + 1),
        }
    ]
    [largest] = standard["max_size"]
    assert (largest["long_wad"], largest["short_wad"]) == ("2820512820512820512", "-22820512820512820512")
    assert largest["instrument"] == "ETH-PERP" and largest["long_limit"] == "initial margin"
    [hedged] = paradex["hedge"]
    assert hedged["least_delta"]["size_wad"] == hedged["least_requirement"]["size_wad"] == str(-10 * WAD)
    assert hedged["unhedged"]["initial_requirement_wad"] == str(3_200 * WAD)
    assert hedged["least_requirement"]["initial_requirement_wad"] == "0"
    assert standard["liquidation"]["alone"][0] == {
        "underlying": "ETH", "down_wad": str(150_000 * WAD // 87), "up_wad": None,
    }  # fmt: skip
    assert isolated["liquidation"] == standard["liquidation"]


def test_tables_of_answers_replace_the_comparison(long: str) -> None:
    done = start("margin", long, *FEW, "--trade", "ETH-PERP -2", "--until-liquidated-at", "ETH=1500 USD")
    assert done.returncode == 0, done.stderr
    assert "after the trade" in done.stdout and "every scenario" not in done.stdout
    assert "cash until ETH is at 1,500.00, from 2,000.00 now" in done.stdout
    # 8 units lose 4,000 and require 13 % of 12,000
    [row] = [line for line in done.stdout.splitlines() if line.startswith("standard ")]
    assert row.split() == ["standard", "560.00", "1,500.00"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--until-liquidated-at", "1500"], "'1500': the portfolio has ETH, BTC: expected one of them, such as"),
        (["--until-liquidated-at", "ETC=1500"], "'ETC=1500': unknown name 'ETC': did you mean 'ETH'?"),
        (["--until-liquidated-at", "ETH=2,000"], "'ETH=2,000': ETH is at this price now: expected one below or above"),
        (["--until-liquidated-at", "ETH=0"], "0 USD is out of range: expected more than 0 USD and at most"),
        (["--until-liquidated-at", "ETH=1500 EUR"], "'1,500 EUR' is in EUR: expected USD, such as '2,000 USD'"),
        (["--max-size", "ETH-PREP"], "--max-size: 'ETH-PREP': unknown name 'ETH-PREP': did you mean 'ETH-PERP'?"),
        (["--max-size", "BTC-20260327"], "has no price"),
        (["--hedge", "ETH-PERP"], "--hedge: 'ETH-PERP': unknown name 'ETH-PERP': did you mean 'ETH'?"),
    ],
)
def test_bad_questions_are_exit_code_2(long: str, words: list[str], message: str) -> None:
    done = start("margin", long, *words)
    assert done.returncode == 2 and done.stdout == ""
    assert message in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_the_name_may_be_omitted_of_one_underlying() -> None:
    done = start("margin", "strangle", "--method", "standard", "--until-liquidated-at", "2500", "--json")
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["answers"][1]["cash_until"]
    assert found["underlying"] == "ETH" and found["price_wad"] == str(2_500 * WAD)


@pytest.mark.slow
def test_the_contracts_agree_at_the_answers_and_next_to_them_and_no_further() -> None:
    """A size, a price or an amount that is one off is a difference."""
    held = doubtful()
    with opened(vault_setup.world(held), None) as (model, node):
        contracts = ContractFigures(model, node, held)
        try:
            stage = VaultSetup(held, model, contracts.lockstep.apply)
            stage.set_up(preset.load("crossvault"))
            for case in margin_questions.cases(stage, ["standard"], [preset.load("crossvault")]):
                found = margin_questions.answers(case, EVERY, len(held.units))
                before = contracts.probes
                contracts.probe(found)
                assert contracts.probes - before == {"isolated": 0, "standard": 14, "crossvault": 15}[found.method]
                for wrong in [] if case.method.is_isolated else one_off(found):
                    with pytest.raises(Diverged):
                        contracts.probe(wrong)
        finally:
            contracts.lockstep.stop()


def doubtful() -> Portfolio:
    """A portfolio that uses every field of the file."""
    doubt = HEAD.replace("BTC: {index: 50000 USD}", "BTC: {index: 50000 USD, perp confidence: 90 %}")
    steth = "{amount: 1 stETH, underlying: ETH, haircut initial: 90 %, haircut maintenance: 80 %, confidence: 30 %}"
    peg = "quote price: 0.9 USD\ndepeg: {threshold: 98 %, factor: 10 %}\n"
    held = "cash: 4000 USDC\npositions: {ETH-PERP: 5 ETH, ETH-20260327-2400-C: -9 ETH}\n"
    return loaded(f"{doubt}{peg}collateral: {{stETH: {steth}}}\n{held}")


def one_off(found: MethodAnswers) -> list[MethodAnswers]:
    """The answers of one account, each with one mistake of one wei."""
    nothing = found._replace(until=(), max_sizes=(), hedges=(), liquidation=None)
    [(long, short)], [_, until], prices = found.max_sizes, found.until, found.liquidation
    assert prices is not None and until.cash_raw > 0 and until.first_wad is not None
    [ether, bitcoin], together = prices.alone, prices.together
    assert ether.down_wad and ether.up_wad and together.down and together.up
    return [
        nothing._replace(max_sizes=((long._replace(size=long.size + 1), short),)),
        nothing._replace(max_sizes=((long._replace(size=long.size - 1), short),)),
        nothing._replace(max_sizes=((long, short._replace(size=short.size - 1)),)),
        nothing._replace(until=(until._replace(first_wad=until.first_wad + 1),)),
        nothing._replace(until=(until._replace(cash_raw=until.cash_raw + 1),)),
        nothing._replace(until=(until._replace(cash_raw=until.cash_raw - 10 * WAD),)),
        nothing._replace(liquidation=prices._replace(alone=(ether._replace(down_wad=ether.down_wad + 1), bitcoin))),
        nothing._replace(liquidation=prices._replace(alone=(ether._replace(up_wad=ether.up_wad + 1), bitcoin))),
        nothing._replace(liquidation=prices._replace(together=together._replace(down=together.down - 1))),
    ]
