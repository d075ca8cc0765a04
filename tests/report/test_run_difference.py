"""A run that ends at a difference names the largest of its amounts of money."""

from __future__ import annotations

import pytest

from crossvault.differential import doors
from crossvault.differential.compare import Difference
from crossvault.lockstep.run import Diverged, RunResult
from crossvault.report.console import RunPage, show
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_watch import RunWatch
from crossvault.scenario import load


def ran(*found: Difference) -> RunPage:
    step = doors.mint(1, "owner", token="USDC", to="owner", amount_raw=1)
    return RunPage(load("quickstart"), RunWatch(), RunResult(1, failure=Diverged(1, step, found)))


def test_the_largest_amount_is_named_with_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    page = ran(
        Difference("alice.metrics.health_wad", 9 * 10**30, 0),
        Difference("alice.metrics.equity_wad", 99 * 10**18, 100 * 10**18),
        Difference("alice.metrics.initial_requirement_wad", 150 * 10**18, 100 * 10**18),
    )
    show(RunSummary(page))
    line = "largest difference: alice.metrics.initial_requirement_wad: 50 USDC more on the chain (+50 %)"
    assert line in capsys.readouterr().out
    wanted = {"field": "alice.metrics.initial_requirement_wad", "wei": str(50 * 10**18), "share": 0.5}
    assert document(page)["largest"] == wanted


def test_what_is_no_money_has_no_largest_amount(capsys: pytest.CaptureFixture[str]) -> None:
    page = ran(Difference("refusal", "accepted", "NotOwner"))
    show(RunSummary(page))
    assert "largest" not in capsys.readouterr().out and document(page)["largest"] is None
