"""What a file opens with is refused in its own fields and units, whatever the vault refuses it for."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from crossvault.differential.ending import Ending
from crossvault.differential.model import Model
from crossvault.differential.story import ExpectationFailed
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.portfolio import portfolio_file
from crossvault.portfolio.vault_setup import VaultSetup, world
from crossvault.scenario import load, parameter_fields, preset
from crossvault.scenario.expectations import refusals
from crossvault.scenario.refusal_text import OTHERS, SENTENCES, FileUnits, sentence
from small_scenarios import ACTORS, HEAD, PRICES, play, problems, scenario_file

PLAIN = ("InsufficientMargin", "TransferMismatch", "ReentrancyGuardReentrantCall")  # it is clear what to change
UNITS = FileUnits(("ETH",), "USDC")
OPTIONS = "heartbeat: 2h, trade band: 5 %, max spot rate: 15 %, min spot rate: 10 %, call rate: 7.5 %, put rate: 7.5 %"
WORLD = HEAD.replace("maintenance margin: 5 %}", f"maintenance margin: 5 %, EXPIRIES, options: {{{OPTIONS}}}}}")
DATED = WORLD.replace("EXPIRIES", "expiries: {20240126: {surface: 60 %}}")
STORY = DATED + PRICES + ACTORS
RISK = "heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %"
ASSET = "decimals: 18, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %"
NINE = ", ".join(f"202401{day}: {{}}" for day in range(11, 20))
MANY = ", ".join(f"ETH-20240126-{strike}-C: 1 ETH" for strike in range(150, 183))


def with_alice(field: str) -> str:
    return STORY.replace("alice: {deposits: [500 USDC]}", f"alice: {{deposits: [500 USDC], {field}}}")


OPENINGS = {
    "InsufficientMargin": (
        with_alice("positions: {ETH-PERP: 50 ETH}"),
        "actors.alice.positions.ETH-PERP: the margin balance of alice, 500 USDC, is below its initial margin"
        " requirement of 1,000 USDC",
    ),
    "ZeroSize": (with_alice("positions: {ETH-PERP: 0 ETH}"), "actors.alice.positions.ETH-PERP: the size is zero: "),
    "SameAccount": (
        with_alice("positions: {ETH-PERP: 1 ETH}, against: alice"),
        "actors.alice.positions.ETH-PERP: alice is on both sides of the trade: expected another account",
    ),
    "NotAuthorized": (
        with_alice("positions: {ETH-PERP: 1 ETH}, against: eve").replace("maker: {", "eve: {kind: stranger}, maker: {"),
        "actors.alice.positions.ETH-PERP: broker may not act for eve: ",
    ),
    "UnknownInstrument": (
        with_alice("positions: {ETH-20240127: 1 ETH}"),
        "actors.alice.positions.ETH-20240127: ",
    ),
    "TooManyPositions": (
        with_alice(f"positions: {{{MANY}}}").replace("[500 USDC]", "['9,000,000 USDC']"),
        "actors.alice.positions.ETH-20240126-182-C: would be position 33 of the account: expected at most 32",
    ),
    "SizeTooLarge": (
        with_alice("positions: {ETH-PERP: '80000000000 ETH'}"),
        "actors.alice.positions.ETH-PERP: the position would have a size of 80,000,000,000: expected at most 79,228,",
    ),
    "AmountTooLarge": (
        STORY.replace("[500 USDC]", "['80,000,000,000 USDC']"),
        "actors.alice.deposits[0]: the amount is too large: expected at most 79,228,162,514.2",
    ),
    "TransferMismatch": (
        STORY.replace("decimals: 6", "decimals: 6, kind: fee"),
        "actors.maker.deposits[0]: the token moved another amount than it was to move",
    ),
    "ReentrancyGuardReentrantCall": (
        STORY.replace("decimals: 6", "decimals: 6, kind: reentrant"),
        "actors.maker.deposits[0]: the token calls the vault during a transfer",
    ),
    "ExpiryListed": (
        STORY.replace("{20240126:", "{20240126T080000: {}, 20240126:"),
        "world.underlyings.ETH.expiries.20240126: expiry 20240126 of ETH is there twice",
    ),
    "ExpiryOutOfRange": (
        STORY.replace("20240126:", "20231231:"),
        "world.underlyings.ETH.expiries.20231231: expiry 20231231 is out of range: expected 2024-01-01T00:30:01Z to ",
    ),
    "TooManyExpiries": (
        WORLD.replace("EXPIRIES", f"expiries: {{{NINE}}}") + PRICES,
        "world.underlyings.ETH.expiries.20240119: would be open expiry 9 of the underlying: expected at most 8",
    ),
    "ZeroPrice": (
        STORY.replace("20240126: {", "20240126: {basis: -400 USD, "),
        "world.underlyings.ETH.expiries.20240126: the price is zero: expected more than 0 USD",
    ),
    "PriceTooLarge": (
        STORY.replace("20240126: {", "20240126: {basis: 79228162514 USD, "),
        "world.underlyings.ETH.expiries.20240126: the price or premium 79,228,162,714 USD is too large: expected at "
        "most 79,228,162,514.264337 USD",
    ),
    "StalePrice": (
        STORY.replace("220 USD]}", "220 USD], lag: 3h}"),
        "world.underlyings.ETH.expiries.20240126: the price of ETH is older than its heartbeat of 2h: published ",
    ),
    "TooManyUnderlyings": (
        STORY.replace("  underlyings:\n", "  underlyings:\n" + "".join(f"    U{i}: {{{RISK}}}\n" for i in range(8))),
        "world.underlyings.ETH: would be underlying 9: expected at most 8",
    ),
    "TooManyCollaterals": (
        STORY.replace("  collaterals:\n", "  collaterals:\n" + "".join(f"    C{i}: {{{ASSET}}}\n" for i in range(8))),
        "world.collaterals.WETH: would be collateral 9: expected at most 8",
    ),
}  # fmt: skip


def test_every_refusal_has_a_sentence_or_cannot_come_from_an_opening() -> None:
    known = set(refusals())
    assert set(SENTENCES) | OTHERS | {"ParameterOutOfRange"} == known
    assert not set(SENTENCES) & OTHERS
    for name, text in SENTENCES.items():
        used = {field for _, field, _, _ in Formatter().parse(text) if field}
        assert used <= set(refusals()[name].fields), name
        assert "expected" in text or name in (
            "InsufficientMargin",
            "TransferMismatch",
            "ReentrancyGuardReentrantCall",
        ), name


@pytest.mark.parametrize("name", OPENINGS)
def test_a_story_names_the_field_that_is_refused(tmp_path: Path, name: str) -> None:
    text, words = OPENINGS[name]
    path = scenario_file(tmp_path, text)
    with pytest.raises(Ending) as refused:
        play(load(path))
    message = str(refused.value)
    assert refused.value.exit_code == 2 and re.match(rf"{re.escape(path)}:\d+: ", message), message
    assert words in message and "(" not in message.partition("(2^96")[0].partition("(an actor")[0], message


@pytest.mark.parametrize(
    ("struct", "parameter"), [(k, p) for k, fields in parameter_fields.FIELDS.items() for p in fields]
)
def test_every_parameter_has_a_sentence_of_its_own(struct: type, parameter: str) -> None:
    """In the words of the field, with the value and the range as a file writes them."""
    field = parameter_fields.FIELDS[struct][parameter]
    values = {name: each.high for name, each in parameter_fields.FIELDS[struct].items()}
    made = struct(**{**values, parameter: field.high + 1})  # only the one is out of range
    first, *rest = parameter.split("_")
    refused = ParameterOutOfRange(
        first + "".join(word.capitalize() for word in rest), field.high + 1, field.low, field.high
    )
    route, text = parameter_fields.problem(refused, made)
    assert route and "expected" in text and "ParameterOutOfRange" not in text
    if not field.below:
        assert route == (field.field,)
        assert text == parameter_fields.out_of_range(field.high + 1, field.low, field.high, field.unit)


PORTFOLIO = """\
name: mine
at: 2024-01-01T00:00:00Z
prices:
  ETH: {index: 2000 USD, expiries: {20240126: {surface: 60 %}}}
cash: 100 USDC
positions: {ETH-PERP: 1 ETH}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ETH-PERP: 1 ETH", "ETH-20240126-0-C: 1 ETH", ":6: positions.ETH-20240126-0-C: strike 0 is out of range: "),
        ("surface: 60 %", "forward: 0 USD", ":4: prices.ETH.expiries.20240126.forward: 0 USD is out of range: "),
        ("surface: 60 %", "confidence: 101 %", ":4: prices.ETH.expiries.20240126.confidence: 101 % is out of range: "),
        ("surface: 60 %", "basis: -2000 USD", ":4: prices.ETH.expiries.20240126: the price is zero: "),
        ("2000 USD", "0 USD", ":4: prices.ETH.index: 0 USD is out of range: expected more than 0 USD and at "),
        ("{20240126:", "{20240126T080000: {}, 20240126:", ":4: prices.ETH.expiries.20240126: expiry 20240126 of "),
        ("cash: 100 USDC", "cash: -30000000000 USDC", ":5: cash: the vault holds less of the token than is to be paid"),
        ("ETH-PERP: 1 ETH", "ETH-PERP: 30000000000 ETH", ":6: positions.ETH-PERP: the margin balance of "),
    ],
)  # fmt: skip
def test_a_portfolio_names_the_field_that_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(PORTFOLIO.replace(old, new), encoding="utf8")
    with pytest.raises(Ending) as refused:
        held = portfolio_file.load(str(path))
        model = Model(world(held))
        VaultSetup(held, model, model.apply).set_up(preset.load("derive"))
    assert refused.value.exit_code == 2
    assert str(refused.value).startswith(f"{path}{words}"), str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("220 USD]", "0 USD]", ":11: prices.ETH.values[1]: 0 USD is out of range: expected more than 0 USD"),
        ("220 USD]", "80000000000 USD]", ":11: prices.ETH.values[1]: 80,000,000,000 USD is out of range: "),
        ("every: 1h, values: [200 USD, 220 USD]", "at: {+0s: 200 USD, +1h: 0 USD}", ":11: prices.ETH.at.+1h: 0 USD "),
        ("220 USD]}", "220 USD], confidence: 101 %}", ":11: prices.ETH.confidence: 101 % is out of range: "),
        ("220 USD]}", "220 USD], premium: -50000000000 USD}", ":11: prices.ETH.premium: -50,000,000,000 USD is out "),
        ("220 USD]}", "220 USD], premiums: {+1h: 50000000000 USD}}", ":11: prices.ETH.premiums.+1h: 50,000,000,000 "),
        ("{surface: 60 %}", "{forward: 0 USD}", ":8: world.underlyings.ETH.expiries.20240126.forward: 0 USD is out "),
        ("{surface: 60 %}", "{confidence: 101 %}", ":8: world.underlyings.ETH.expiries.20240126.confidence: 101 % "),
    ],
)  # fmt: skip
def test_a_price_and_a_confidence_are_refused_when_the_file_is_read(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = STORY.replace(old, new)
    assert text != STORY
    [problem] = problems(scenario_file(tmp_path, text))
    assert problem.startswith(words)


STEPS = {
    "do: publish, underlying: ETH, price: 0 USD": ("price: 0 USD is out of range: expected more than ", "ZeroPrice"),
    "do: publish, underlying: ETH, price: 1 USD, confidence: 101 %": (
        "confidence: 101 % is out of range: expected 0 % to 100 %", "ConfidenceTooLarge",
    ),
    "do: publish forward, underlying: ETH, expiry: 20240126, forward: 0 USD": (
        "forward: 0 USD is out of range: ", "ZeroPrice",
    ),
    "do: publish surface, underlying: ETH, expiry: 20240126, surface: {a: -5 %, b: 1 %}": (
        "surface.a: -5 % is out of range: expected 0 % to ", "ParameterOutOfRange",
    ),
    "do: schedule depeg, terms: {feed: ETH, threshold: 101 %, factor: 100 %}": (
        "terms.threshold: 101 % is out of range: expected 0 % to 100 %", "ParameterOutOfRange",
    ),
    f"do: schedule risk, underlying: ETH, risk: {{{RISK.replace('margin: 10 %', 'margin: 1 %')}}}": (
        "risk.initial margin: initial margin 1 % is below maintenance margin 5 %", "ParameterOutOfRange",
    ),
    f"do: schedule options, underlying: ETH, options: {{{OPTIONS.replace('band: 5 %', 'band: 101 %')}}}": (
        "options.trade band: 101 % is out of range", "ParameterOutOfRange",
    ),
    "do: schedule guard, underlying: ETH, guard: {confirm: 2 days}": (
        "guard.confirm: 2d is out of range: expected 0s to 1d", "ParameterOutOfRange",
    ),
    "do: schedule haircut, collateral: WETH, terms: {haircut initial: 5 %, haircut maintenance: 6 %}": (
        "terms.haircut initial: haircut initial 5 % is below haircut maintenance 6 %", "ParameterOutOfRange",
    ),
    "do: schedule interest, interest: {optimal utilisation: 101 %}": (
        "interest.optimal utilisation: 101 % is out of range", "ParameterOutOfRange",
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_no_state_accepts_is_refused_when_the_file_is_read(tmp_path: Path, step: str) -> None:
    words, _ = STEPS[step]
    [problem] = problems(scenario_file(tmp_path, STORY + f"steps:\n  - {{{step}}}\n"))
    assert problem.startswith(f":14: steps[0].{words}")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_expects_its_refusal_is_played(tmp_path: Path, step: str) -> None:
    words, name = STEPS[step]
    _, done, _ = play(load(scenario_file(tmp_path, STORY + f"steps:\n  - {{{step}, expect: {{refused: {name}}}}}\n")))
    assert [outcome.refusal.name for _, outcome in done if outcome.refusal] == [name]
    other = scenario_file(tmp_path, STORY + f"steps:\n  - {{{step}, expect: {{refused: NotOwner}}}}\n")
    with pytest.raises(ExpectationFailed) as failed:
        play(load(other))
    assert failed.value.exit_code == 1  # the file states another refusal
    assert str(failed.value).startswith(f"{other}:14: steps[0].{words.partition(': ')[0]}: expected refused: NotOwner,")
    assert words.partition(": ")[2] in str(failed.value)


def test_a_rate_of_a_forward_has_a_sentence() -> None:
    refused = ParameterOutOfRange("rate", 11 * WAD, 0, 10 * WAD)
    assert sentence(refused, UNITS) == "rate 1,100 % is out of range: expected 0 % to 1,000 %"


def test_amounts_are_in_the_quote_token_and_times_are_dates() -> None:
    stale = refusals()["StalePrice"](0, 0, 0, 5_400)
    assert (
        sentence(stale, UNITS)
        == "the price of ETH is older than its heartbeat of 1h 30m: published never, expected a later one"
    )
    short = refusals()["PriceOutsideBand"](2 * WAD + 1, WAD // 2, WAD)
    assert sentence(short, UNITS) == "price 2 USD is outside the trade band around the mark: expected 0.5 USD to 1 USD"
