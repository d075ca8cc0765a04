"""What is shown of a run: figures, capital, auctions, charts, the arithmetic of a margin."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from rich.console import Console

from sim.mirror.account import AccountId
from sim.mirror.fixed import WAD
from sim.mirror.margin import UNBOUNDED, Book
from sim.mirror.market import Risk
from sim.mirror.standard import Exposure, Level, absorb
from sim.model import Model
from sim.report import charts, figures
from sim.report.arithmetic import Backdrop, reckoning
from sim.report.capital import Capital
from sim.report.document import document
from sim.report.page import Ran
from sim.report.summary import summary
from sim.report.tale import Sample, merged
from sim.report.watch import Watch
from sim.scenario import load

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


def exposure(size: int, entry: int, mark: int) -> Exposure:
    """A position at 10 % initial and 5 % maintenance, entered and marked at prices in whole units."""
    risk = Risk(heartbeat_secs=1, initial_rate=WAD // 10, maintenance_rate=WAD // 20, profit_weight=WAD, skew_scale=WAD)
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


def test_the_reckoning_is_written_as_on_paper() -> None:
    book = Book(50 * WAD, [], [exposure(12, 100, 110)], [])
    made = reckoning(book, Level.INITIAL, Backdrop([], ["ETH"]))
    assert [term.value_wad for term in made.counted] == [50 * WAD, 120 * WAD]
    assert made.required[0].formula.startswith("12.0 ETH × 110.00 × 10 %")
    assert made.required_wad == 132 * WAD


def sample(at: int, price: int, health: int) -> Sample:
    return Sample(at, (price * WAD,), {ALICE: health * WAD // 10}, 0)


def test_two_samples_become_one_with_the_lower_health_and_the_later_price() -> None:
    assert merged(sample(1, 5, 7), sample(2, 6, 9)) == sample(2, 6, 7)


def test_a_line_of_blocks_goes_from_the_lowest_to_the_highest() -> None:
    assert charts.sparkline([1, 8, None, 4]) == "▁█ ▄"
    assert charts.sparkline([]) == "" and charts.sparkline([3, 3]) == "▁▁"


def test_the_chart_has_a_line_at_one_and_marks_below_it() -> None:
    drawn = str(charts.health_chart([sample(0, 1, 20), sample(100, 1, 5)], {ALICE: 100}, [ALICE], 40)).splitlines()
    at_one = next(line for line in drawn if "1.00 ┤" in line)
    assert "┄┄┄" in at_one
    below = drawn[drawn.index(at_one) + 1 :]
    assert any(line.rstrip().endswith("●") for line in below) and any("✖" in line for line in below)


@pytest.fixture(scope="module", params=["first-liquidation", "bad-debt", "black-thursday"])
def ran(request: pytest.FixtureRequest) -> Iterator[Ran]:
    """A shipped story watched on the model alone."""
    story, watch = load(request.param), Watch()
    model, number = Model(story.world), 0
    generator = story.steps(model)
    step = next(generator)
    try:
        while True:
            number += 1
            outcome = model.apply(step)
            watch.applied(number, step, outcome, model)
            watch.compared(number, step, outcome, outcome)
            step = generator.send(outcome)
    except StopIteration:
        pass
    yield Ran(story, watch, watch.result(), "no chain")


def test_every_auction_is_told_with_its_cause_and_end(ran: Ran) -> None:
    assert ran.watch.liquidations
    for each in ran.watch.liquidations:
        assert each.adjusted_wad < each.requirement_wad and each.health_wad < WAD
        assert each.blame is None or each.blame.loss_wad < 0
        assert 0 <= each.sold_wad <= WAD
        assert (each.ended_at is None) == (each.ended_by == "")


def test_what_insurance_paid_is_what_the_fund_lost(ran: Ran) -> None:
    assert ran.watch.insurance is not None
    highest, lowest, _ = ran.watch.insurance
    paid = sum(each.payout_wad for each in ran.watch.liquidations)
    assert highest - lowest <= paid if ran.story.name == "bad-debt" else highest - lowest == paid


def test_cross_never_needs_more_than_isolated(ran: Ran) -> None:
    assert all(need.cross_wad <= need.isolated_wad for need in ran.watch.capital.values())


def test_the_summary_is_plain_and_fits_the_page(ran: Ran) -> None:
    console = Console(width=100, highlight=False, file=None, force_terminal=False)
    with console.capture() as text:
        console.print(summary(ran))
    assert "\x1b" not in text.get()
    assert max(len(line.rstrip()) for line in text.get().splitlines()) <= 100
    assert "auction" in text.get() and "isolated" in text.get()


def test_the_document_is_json_with_the_promised_keys(ran: Ran) -> None:
    found = json.loads(json.dumps(document(ran)))
    promised = "scenario seed steps compared differences refusals liquidations engine seconds insurance record failure"
    assert set(promised.split()) <= set(found)
    assert found["steps"] == found["compared"] > 0 and found["differences"] == []
    assert len(found["liquidations"]) == len(ran.watch.liquidations)


def test_memory_does_not_grow_with_the_run() -> None:
    watch = Watch()
    watch.accounts = {AccountId(f"a{n}"): None for n in range(1000)}
    for at in range(2000):
        watch.samples.append(sample(at, 1, 9 + at % 2))
        watch._thin()
    assert len(watch.samples) <= 49
    assert watch.samples[0].health[ALICE] == 9 * WAD // 10
    assert watch.samples[-1].at == 1999
