"""Figures, capital, auctions, charts, and the margin statement of an account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.mirror import margin, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import UNBOUNDED, Book
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.ruleset import ModelParameters
from crossvault.mirror.standard import Exposure, HeldOption, Level, absorb
from crossvault.report import charts, figures
from crossvault.report.console import RunPage
from crossvault.report.explain_margin import StatementContext, margin_statement, statement_context
from crossvault.report.explain_state import description
from crossvault.report.run import RunSummary
from crossvault.report.run_capital import Capital
from crossvault.report.run_json import document
from crossvault.report.run_timeline import Sample, merged
from crossvault.report.run_watch import RunWatch
from crossvault.report.step_text import StepFormatter
from crossvault.scenario import load, preset
from crossvault.scenario.rules import rules as portfolio_rules
from small_scenarios import play

ALICE = AccountId("alice")


@pytest.mark.parametrize(
    ("wad", "text"),
    [(0, "0.00"), (WAD, "1.00"), (-WAD // 1000, "0.00"), (-(10**16), "-0.01"), (1_234_567 * WAD, "1,234,567.00")],
)
def test_money_is_rounded_half_up_and_never_minus_zero(wad: int, text: str) -> None:
    assert figures.usd(wad) == text


def test_money_rounds_half_up() -> None:
    assert figures.usd(5 * 10**15) == "0.01"
    assert figures.usd(5 * 10**15 - 1) == "0.00"


def test_sizes_percents_ratios_and_times() -> None:
    assert figures.amount(12 * WAD + WAD // 2) == "12.5" and figures.amount(WAD) == "1.0"
    assert figures.amount(1_500_000, 6) == "1.5" and figures.amount(7, 0) == "7"
    assert figures.percent(WAD // 8) == "12.5 %" and figures.ratio(UNBOUNDED) == "no bound"
    assert figures.utc(1_583_971_200) == "2020-03-12 00:00:00" and figures.span(3_661) == "1 h 1 min"


def test_json_keeps_no_integer_that_a_reader_would_round() -> None:
    assert figures.jsonable({"a": 2**53, "b": 2**53 + 1, "c": [True, None]}) == {
        "a": 2**53, "b": str(2**53 + 1), "c": [True, None],
    }  # fmt: skip


ETHER = StatementContext([], ["ETH"])


def exposure(size: int, entry: int, mark: int) -> Exposure:
    """A position at 10 % initial and 5 % maintenance, entered and marked at prices in whole units."""
    risk = MarketRisk(
        heartbeat_secs=1, initial_rate=WAD // 10, maintenance_rate=WAD // 20, profit_weight=WAD, skew_scale=WAD
    )
    made = Exposure(risk=risk, index_wad=mark * WAD, stable_wad=mark * WAD, confidence_wad=WAD)
    absorb(made, size * WAD, -size * entry * WAD, mark * WAD)
    return made


def test_a_profit_beyond_its_own_need_pays_for_another_position_only_across() -> None:
    # long 10 from 100 to 80: requirement 80, loss 200, needs 280; short 10 from 100 to 80: 80 - 200 = -120
    book = Book(0, [], [exposure(10, 100, 80), exposure(-10, 100, 80)], [])
    found, kept = Capital(), Capital()
    found.note(book, Level.INITIAL, 7)
    kept.note(book, Level.MAINTENANCE, 7)
    assert (found.isolated_wad, found.cross_wad) == (280 * WAD, 160 * WAD)
    assert kept.isolated_wad == 240 * WAD


def test_isolated_positions_are_funded_for_the_worst_moment_of_each() -> None:
    # first the long loses 200 and needs 280, then the short loses 200 and needs 120 + 200 = 320; together 160, then 240
    found = Capital()
    found.note(Book(0, [], [exposure(10, 100, 80), exposure(-10, 100, 80)], []), Level.INITIAL, 7)
    found.note(Book(0, [], [exposure(10, 100, 120), exposure(-10, 100, 120)], []), Level.INITIAL, 8)
    assert (found.isolated_wad, found.cross_wad, found.at) == (600 * WAD, 240 * WAD, 8)


def test_one_position_needs_the_same_alone_and_across() -> None:
    found = Capital()
    found.note(Book(0, [], [exposure(10, 100, 110)], []), Level.INITIAL, 7)
    assert found.isolated_wad == found.cross_wad == 10 * WAD


def test_the_statement_is_as_on_paper() -> None:
    book = Book(50 * WAD, [], [exposure(12, 100, 110)], [])
    made = margin_statement(book, Level.INITIAL, ETHER)
    assert [term.value_wad for term in made.balance] == [50 * WAD, 120 * WAD]
    assert made.requirement[0].formula.startswith("12.0 ETH × 110.00 × 10 %")
    assert made.requirement_wad == 132 * WAD


def option(size: int, strike: int, mark: int, is_call: bool) -> HeldOption:
    """An option at a forward of 1,500, its size, strike and mark in whole units."""
    return HeldOption(0, 9 * 10**8, strike * WAD, is_call, size * WAD, mark * WAD, 1_500 * WAD, confidence_wad=WAD)


def strip(*lines: HeldOption) -> Book:
    """Options at an index of 1,500 with 10,000 of cash, by the rates that Derive publishes."""
    risk = OptionRisk(
        heartbeat_secs=1, max_spot_rate=15 * WAD // 100, min_spot_rate=WAD // 10, call_rate=75 * WAD // 1000,
        put_rate=75 * WAD // 1000, put_mark_rate=75 * WAD // 1000, put_initial_scale=105 * WAD // 100,
        unpaired_initial=12 * WAD // 10, unpaired_maintenance=11 * WAD // 10,
    )  # fmt: skip
    exposure = Exposure(option_risk=risk, index_wad=1_500 * WAD, stable_wad=1_500 * WAD, confidence_wad=WAD)
    return Book(10_000 * WAD, [], [exposure], list(lines))


def test_the_statement_of_options_has_a_line_for_each() -> None:
    # 10 calls 46.67 % out of the money: 10 % of 1,500; 10 puts in it: 15 % of 1,500 and their mark of 300
    made = margin_statement(strip(option(-10, 2_200, 0, True), option(-10, 1_800, 300, False)), Level.INITIAL, ETHER)
    call, put, loss, bare, total = made.requirement
    assert (call.value_wad, put.value_wad) == (1_500 * WAD, 5_250 * WAD)
    assert call.formula == "10.0 × (the larger of 15 % less 46.67 % out of the money and 10 %, of 1,500.00 + mark 0.00)"
    assert put.formula == "10.0 × (15 % of 1,500.00 + mark 300.00; no less than 105 % of maintenance)"
    assert (loss.value_wad, bare.value_wad) == (18_000 * WAD, 18_000 * WAD)
    assert total.formula == "the lesser of 6,750.00 naked and 36,000.00 bounded"
    assert made.requirement_wad == total.value_wad == 6_750 * WAD
    assert [term.counts for term in made.requirement] == [False, False, False, False, True]


def test_the_statement_of_an_option_names_the_price_that_waits() -> None:
    """Ten calls sold at a mark of 100 count 400 each while a rise from 1,500 to 1,800 waits; at maintenance 100."""
    book = strip(option(-10, 1_500, 100, True))
    book.modelled, book.exposures[0].pending_wad = 1, 1_800 * WAD
    for level, value, formula in (
        (Level.INITIAL, -4_000, "-10.0 × mark 400.00 at the waiting price 1,800.00"),
        (Level.MAINTENANCE, -1_000, "-10.0 × mark 100.00"),
    ):
        _, sold = margin_statement(book, level, ETHER).balance
        assert (sold.value_wad, sold.formula) == (value * WAD, formula)


def test_a_spread_is_bounded_by_its_strikes() -> None:
    # sold at 1,500 and bought at 1,400: 100 for each, whatever happens
    made = margin_statement(
        strip(option(-10, 1_500, 60, False), option(10, 1_400, 20, False)), Level.MAINTENANCE, ETHER
    )
    naked, loss, total = made.requirement
    assert naked.value_wad == 10 * (1_500 * WAD * 75 // 1000 + 60 * WAD)
    assert loss.formula == "at 0.00, of nothing and all strikes"
    assert made.requirement_wad == total.value_wad == loss.value_wad == 1_000 * WAD


def test_a_long_option_alone_has_no_requirement() -> None:
    made = margin_statement(strip(option(10, 1_500, 60, True)), Level.INITIAL, ETHER)
    assert made.requirement == () and made.margin_balance_wad == 10_000 * WAD


def test_options_need_no_more_together_than_alone() -> None:
    # naked the put needs 10 * (225 + 60), the spread 10 * 100; the long leg alone needs nothing
    found = Capital()
    found.note(strip(option(-10, 1_500, 60, False), option(10, 1_400, 20, False)), Level.INITIAL, 7)
    assert (found.isolated_wad, found.cross_wad) == (2_850 * WAD, 1_000 * WAD)


def sample(at: int, price: int, health: int) -> Sample:
    return Sample(at, (price * WAD,), {ALICE: health * WAD // 10}, 0)


def test_two_samples_become_one_with_the_lower_health_and_the_later_price() -> None:
    assert merged(sample(1, 5, 7), sample(2, 6, 9)) == sample(2, 6, 7)


def test_a_line_of_blocks_goes_from_the_lowest_to_the_highest() -> None:
    assert charts.sparkline([1, 8, None, 4]) == "▁█ ▄"
    assert charts.sparkline([]) == "" and charts.sparkline([3, 3]) == "▁▁"


@pytest.mark.parametrize(("highest", "label"), [(29, "2.90 ┤"), (30, "≥ 3 ┤"), (90, "≥ 3 ┤")])
def test_the_top_of_the_health_chart_is_a_bound_where_it_cuts(highest: int, label: str) -> None:
    samples = [sample(0, 1, highest), sample(100, 1, 5)]
    assert str(charts.health_chart(samples, {}, [ALICE], 40)).splitlines()[0].lstrip().startswith(label)


def test_the_chart_has_a_line_at_one_and_marks_below_it() -> None:
    drawn = str(charts.health_chart([sample(0, 1, 20), sample(100, 1, 5)], {ALICE: 100}, [ALICE], 40)).splitlines()
    at_one = next(line for line in drawn if "1.00 ┤" in line)
    assert "┄┄┄" in at_one
    below = drawn[drawn.index(at_one) + 1 :]
    assert any(line.rstrip().endswith("●") for line in below) and any("✖" in line for line in below)


AUCTIONED = ("first-liquidation", "bad-debt", "black-thursday", "calendar-spread", "funding-squeeze")
DATED = ("covered-call", "calendar-spread", "expiry-day", "short-strangle-into-crash")


@pytest.fixture(scope="module", params=[*AUCTIONED, "short-strangle-into-crash"])
def ran(request: pytest.FixtureRequest) -> Iterator[RunPage]:
    """A shipped story watched on the model alone."""
    story, watch = load(request.param), RunWatch()
    model = Model(story.world)
    for number, (step, outcome) in enumerate(driven(story.steps(model), model.apply), start=1):
        watch.applied(number, step, outcome, model)
        watch.compared(number, step, outcome, outcome)
    yield RunPage(story, watch, watch.result(), "no chain")


def test_every_auction_has_its_cause_and_end(ran: RunPage) -> None:
    assert ran.watch.liquidations
    for each in ran.watch.liquidations:
        assert each.margin_balance_wad < each.requirement_wad and each.health_wad < WAD
        assert each.cause is None or each.cause.loss_wad < 0
        assert 0 <= each.sold_wad <= WAD
        assert (each.ended_at is None) == (each.ended_by == "")


def test_what_insurance_paid_is_what_the_fund_lost(ran: RunPage) -> None:
    assert ran.watch.insurance is not None
    highest, lowest, _ = ran.watch.insurance
    paid = sum(each.payout_wad for each in ran.watch.liquidations)
    assert highest - lowest <= paid if ran.story.name == "bad-debt" else highest - lowest == paid


def test_cross_never_needs_more_than_isolated(ran: RunPage) -> None:
    assert all(need.cross_wad <= need.isolated_wad for need in ran.watch.capital.values())


def test_the_summary_is_plain_and_fits_the_page(ran: RunPage) -> None:
    console = Console(width=100, highlight=False, file=None, force_terminal=False)
    with console.capture() as text:
        console.print(RunSummary(ran))
    assert "\x1b" not in text.get()
    assert max(len(line.rstrip()) for line in text.get().splitlines()) <= 100
    assert "auction" in text.get() and "isolated" in text.get()


def test_the_document_is_json_with_the_promised_keys(ran: RunPage) -> None:
    found = json.loads(json.dumps(document(ran)))
    promised = "scenario seed steps compared differences refusals liquidations engine seconds insurance record failure"
    assert set(promised.split()) <= set(found)
    assert found["steps"] == found["compared"] > 0 and found["differences"] == []
    assert len(found["liquidations"]) == len(ran.watch.liquidations)


def test_memory_does_not_grow_with_the_run() -> None:
    watch = RunWatch()
    watch.accounts = {AccountId(f"a{n}"): None for n in range(1000)}
    for at in range(2000):
        watch.samples.append(sample(at, 1, 9 + at % 2))
        watch._thin()
    assert len(watch.samples) <= 49
    assert watch.samples[0].health[ALICE] == 9 * WAD // 10
    assert watch.samples[-1].at == 1999


@pytest.mark.parametrize("name", [*DATED, "funding-squeeze"])
def test_every_step_has_a_text_and_every_account_a_statement(name: str) -> None:
    # `explain` without the chain: every step has names, and no number in wei
    story = load(name)
    tokens = [list(spec) for spec in story.world.tokens]
    header = {"underlyings": story.underlyings, "collaterals": story.collaterals,
              "world": {"tokens": tokens, "quote": story.world.quote}}  # fmt: skip
    formatter, model = StepFormatter(header), Model(story.world)
    fields: dict[str, tuple[str, ...]] = {}
    for step, outcome in driven(story.steps(model), model.apply):
        texts = [formatter.step(step), *(formatter.event(event, fields, step) for event in outcome.events)]
        texts += [formatter.refusal(outcome.refusal, step)] if outcome.refusal else []
        assert not re.search(r"[0-9]{20}", texts[0]), texts[0]
        for state, metrics in zip(outcome.snapshot.accounts, model.metrics(step.accounts(), step.at), strict=True):
            assert description(model, state, metrics, step.at)["equity"] == figures.usd(metrics.equity_wad)
            book, context = (
                valuation.book(model.vault.ledger, state.account, now=step.at),
                statement_context(model.vault.ledger, state.account, step.at),
            )
            for level in Level:
                assert margin_statement(book, level, context).requirement_wad == margin.requirement(book, level)


def test_a_position_shows_size_mark_value_and_what_is_due() -> None:
    model, _, _ = play(load("funding-squeeze", overrides={"ends": "+40h", "steps": "[]", "checks": "[]"}))
    [state] = model.snapshot([ALICE]).accounts
    shown = description(model, state, model.metrics([ALICE], model.at)[0], model.at)
    assert shown["ETH-PERP"] == "10.0 from 2,020.00, mark 2,020.00, value -500.00, funding due -500.00"


def test_interest_and_settlements_are_seen_in_the_cash() -> None:
    model, _, _ = play(load("expiry-day", overrides={"checks": "[]"}))
    ledger, fay = model.vault.ledger, AccountId("fay")
    assert statement_context(ledger, fay, model.at).cash == ""
    ledger.cash.supply_index += ledger.cash.supply_index // 10
    assert statement_context(ledger, fay, model.at).cash == "2,050.00 × supply index 1.100000"


def test_the_statement_of_portfolio_margin_goes_by_scenario_and_underlying() -> None:
    # 10 ETH at 2,000 long and 0.4 BTC at 50,000 short: 19.5 % of 20,000 each, and they offset each other by 90 %
    chosen = preset.load("crossvault")
    assert chosen.portfolio_risk is not None and chosen.rules is not None
    rules = portfolio_rules(chosen.rules, ("ETH", "BTC"))
    prices, sizes = (2_000 * WAD, 50_000 * WAD), (10 * WAD, -4 * WAD // 10)
    pairs = zip(prices, sizes, strict=True)
    stakes = [Stake(index, size * index, abs(size), WAD) for index, size in pairs]
    exposures = [Exposure(index_wad=index, stable_wad=index, confidence_wad=WAD) for index in prices]
    model = ModelParameters(rules, (chosen.portfolio_risk,) * 2)
    verdict = stress.judge(stress.HeldExposures(stakes, [], [], []), model, WAD)
    book = Book(5_000 * WAD, [], exposures, [], stakes, 0b11, verdict)
    made = margin_statement(book, Level.INITIAL, StatementContext([], ["ETH", "BTC"], model=model))
    eth, btc, correlated, broken, joint, least, loss, *contingencies = made.requirement
    assert [each.value_wad for each in (eth, btc, joint, least)] == [3_900 * WAD, 3_900 * WAD, 0, 1_950 * WAD]
    assert (eth.formula, btc.formula) == ("-19.5 %, vol up", "+19.5 %, vol up")
    assert [figures.usd(each.value_wad) for each in (correlated, broken, loss)] == ["1,744.13", "3,020.93", "3,020.93"]
    assert loss.formula == "the largest of them, 3,020.93 × 100 %" and loss.counts and not broken.counts
    assert [each.value_wad for each in contingencies] == [220 * WAD, 220 * WAD]  # 1.1 % of 20,000 each
    assert figures.usd(made.requirement_wad) == "3,460.93"
    kept = margin_statement(book, Level.MAINTENANCE, StatementContext([], ["ETH", "BTC"], model=model))
    assert figures.usd(kept.requirement_wad) == "1,408.57"  # 67 % of 1,744.13, and 0.6 % of 40,000
    needed = Capital()
    needed.note(book, Level.INITIAL, 0)
    assert needed.cross_wad == made.requirement_wad  # nothing has been won or lost
