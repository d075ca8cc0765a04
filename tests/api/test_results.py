"""Results of the API: whether the sides agree, frames that are exact, figures, and text as the commands print it."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from pathlib import Path

import pytest

import crossvault as cv
from crossvault.api.story_runs import RunOutcome
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.differential.step import Outcome, Step
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.lockstep.record import read
from crossvault.report.frames import decimal_of
from shrinking import broken
from small_scenarios import ACTORS, HEAD, PRICES, scenario_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def played(folder: Path) -> RunOutcome:
    """A good run with a record."""
    return cv.run("quickstart", record_to=folder / "good.jsonl")


def no_withdrawal(step: Step, outcome: Outcome) -> bool:
    return step.action != "withdraw_cash" or outcome.refusal is not None


def test_a_run_on_the_model_compares_nothing() -> None:
    done = cv.run("quickstart", chain=False)
    assert (done.is_equal, done.failure, done.compared, done.steps) == (None, None, 0, 24)
    with pytest.raises(ValueError, match="nothing was compared"):
        done.require_equal()
    found = done.to_frame().set_index("account")
    assert found.loc["alice", "lowest_health"] == Decimal(2)  # 200 of equity over a requirement of 100, at 10x
    assert found.loc["alice", "peak_leverage"] == Decimal(10)
    with pytest.raises(BadInput, match="there is no record"):
        done.to_frame("steps")
    with pytest.raises(BadInput, match="did you mean 'steps'"):
        done.to_frame("stepps")
    assert "quickstart  seed 0  the model alone" in str(done) and "24 steps, nothing compared" in str(done)
    assert "alike" not in str(done) and done._repr_html_().startswith("<pre")
    assert json.loads(json.dumps(done.to_dict()))["steps"] == 24


def test_an_invariant_of_the_user_ends_a_run() -> None:
    done = cv.run("quickstart", chain=False, invariants=[no_withdrawal])
    assert done.is_equal is False and isinstance(done.failure, BrokenInvariant)
    assert str(done.failure).endswith(":no_withdrawal: does not hold (withdraw_cash by alice)")
    with pytest.raises(FailedRun):
        done.require_equal()


def test_decimals_of_wads_are_exact() -> None:
    for wad in (0, 1, -1, 2**255 - 1, -(2**255), 10**18):
        assert int(decimal_of(wad).scaleb(18, Context(prec=100))) == wad


def test_a_smallest_story_is_saved_and_played_again(tmp_path: Path) -> None:
    least = cv.shrink("quickstart", invariants=[no_withdrawal])
    assert least.is_equal is False and [step.action for step in least.steps][-1] == "withdraw_cash"
    assert least.differences[0].field.endswith(":no_withdrawal") and len(least.to_frame()) == len(least.steps)
    with pytest.raises(BadInput, match="expected a name that ends in"):
        least.save(tmp_path / "x.yaml")
    assert least.save(tmp_path / "x.repro.yaml").read_text().startswith("name: x\n")
    agrees = cv.shrink("quickstart")
    assert agrees.is_equal and not agrees.steps and "nothing fails" in str(agrees)


def test_margins_of_a_portfolio() -> None:
    done = cv.margin("strangle", methods=["standard"], trades=["ETH-PERP +1"])
    found = done.to_frame().set_index("method")
    assert list(found.index) == ["isolated", "standard"] and done.is_equal is None
    assert (found.initial_margin_balance - found.initial_requirement == found.initial_buffer).all()
    assert done.after is not None
    assert "after the trade" in str(done)


@pytest.mark.slow
def test_a_run_has_the_tables_of_its_record(played: RunOutcome) -> None:
    assert played.require_equal().is_equal and played.compared == 24 and played.record is not None
    assert played.plot()._repr_png_().startswith(b"\x89PNG")
    requirement = cv.margin("strangle", methods=["standard"]).plot().figure.axes[0]
    assert requirement.get_title(loc="left") == "requirement by method [USDC]"
    steps = played.to_frame("steps")
    assert steps["door"].tolist() == [step.action for step in read(played.record).steps]
    assert str(steps["at_utc"].dtype) == "datetime64[ns, UTC]"
    accounts = played.to_frame("accounts")
    assert all(isinstance(each, Decimal) for each in accounts["equity_usdc"])


@pytest.mark.slow
def test_a_replay_is_equal_and_a_changed_contract_is_a_difference(played: RunOutcome, tmp_path: Path) -> None:
    assert played.record is not None
    again = cv.replay(played.record)
    assert again.is_equal and "identical, 25 lines" in str(again) and len(again.plot().figure.axes) == 3
    assert cv.replay(played.record, until=3).compared == 3
    with pytest.raises(BadInput, match="until: expected a step from 1 to 24, got 25"):
        cv.replay(played.record, until=25)
    trade = "{do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 1.5 ETH, price: PRICE}"
    trade = trade.replace("PRICE", "200.000000000000000001 USD")
    story = scenario_file(
        tmp_path, HEAD + PRICES + ACTORS + f"steps: [{trade}]\n"
    )  # 300.0000000000000000015 is rounded
    done = cv.run(story, contracts=broken(tmp_path / "contracts"))
    [first, *_] = done.differences
    assert done.is_equal is False and abs(int(first.chain) - int(first.model)) == 1


@pytest.mark.slow
def test_a_search_returns_the_story_of_what_it_found(tmp_path: Path) -> None:
    good = cv.fuzz(steps=60, jobs=1)
    assert good.is_equal and good.steps >= 60 and good.to_frame()["accepted"].sum() > 30
    found = cv.fuzz(steps=500, jobs=1, invariants=[no_withdrawal])
    assert found.is_equal is False and found.story is not None and "no_withdrawal" in str(found.failure)
    assert cv.shrink(found.story).steps[-1].action == "withdraw_cash"
