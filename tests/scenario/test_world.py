"""Errors of a world name line and field: options, guards, expiries, surfaces, interest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from small_scenarios import HEAD, PRICES, problems, scenario_file

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a scenario and returns its path."""
    return partial(scenario_file, tmp_path)


OPTIONS = "heartbeat: 2h, trade band: 5 %, max spot rate: 15 %, min spot rate: 10 %, call rate: 7.5 %, put rate: 7.5 %"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("fundng cap: 1 %", ".fundng cap: unknown field: did you mean 'funding cap'?"),
        ("funding base: 0.01", ".funding base: 0.01 is a bare decimal number"),
        ("funding cap: -1 %", ".funding cap: '-1 %' is out of range: expected 0 % to 1,000 %"),
        ("funding base: -101 %", ".funding base: -101 % is out of range: expected -100 % to 100 %"),
        ("option: {}", ".option: unknown field: did you mean 'options'?"),
        (f"options: {{{OPTIONS}, putt rate: 1 %}}", ".options.putt rate: unknown field: did you mean 'put rate'?"),
        ("options: {heartbeat: 2h}", ".options.trade band: is missing, and there is no default"),
        (
            f"options: {{{OPTIONS.replace('10 %', '16 %')}}}",
            ".options.min spot rate: min spot rate 16 % is above max spot rate 15 %",
        ),
        ("guard: {max jmp: 5 %}", ".guard.max jmp: unknown field: did you mean 'max jump'?"),
        ("guard: {confirm: 2 days}", ".guard.confirm: 2d is out of range: expected 0s to 1d"),
        (
            "expiries: {christmas: {}}",
            ".expiries.christmas: 'christmas' is not an expiry: expected a day such as 20241227",
        ),
        ("expiries: {20241327: {}}", ".expiries.20241327: '20241327' is not a day of the calendar"),
        ("expiries: {20241227: {basi: 1 USD}}", ".expiries.20241227.basi: unknown field: did you mean 'basis'?"),
        (
            "expiries: {20241227: {basis: 1 USD, forward: 5 USD}}",
            ".expiries.20241227: expected 'forward' or",
        ),
        ("expiries: {20241227: {surface: 5}}", ".expiries.20241227.surface: 5 is a bare number: quote it with its"),
        ("expiries: {20241227: {surface: 6 ETH}}", ".expiries.20241227.surface: '6 ETH' is in ETH: expected %"),
        ("expiries: {20241227: {surface: {roh: 5 %}}}", ".expiries.20241227.surface.roh: unknown field: did you mean"),
        ("expiries: {20241227: {surface: {b: 5 %, flat: 5 %}}}", ".expiries.20241227.surface: expected"),
        (
            "expiries: {20241227: {surface: {a: -5 %}}}",
            ".expiries.20241227.surface.a: -5 % is out of range: expected 0 % to 100,000,000 %",
        ),
    ],
)
def test_wrong_underlyings(write: Write, written: str, problem: str) -> None:
    text = HEAD.replace("maintenance margin: 5 %}", f"maintenance margin: 5 %,\n      {written}}}") + PRICES
    where, _, found = problems(write(text))[0].partition(": world.underlyings.ETH")
    assert found.startswith(problem)
    assert where == (":8" if problem.startswith(":") else ":9")


def test_an_expiry_requires_a_price(write: Write) -> None:
    text = HEAD.replace("maintenance margin: 5 %}", "maintenance margin: 5 %, expiries: {20241227: {}}}")
    assert problems(write(text)) == [
        ":8: world.underlyings.ETH.expiries.20241227: needs a price, but 'prices' has none for ETH"
    ]


@pytest.mark.parametrize(
    ("interest", "problem"),
    [
        ("{min rat: 1 %}", ".min rat: unknown field: did you mean 'min rate'?"),
        ("{optimal utilisation: 101 %}", ".optimal utilisation: 101 % is out of range: expected 0 % to 100 %"),
    ],
)
def test_wrong_interest(write: Write, interest: str, problem: str) -> None:
    text = HEAD.replace("  underlyings:", f"  interest: {interest}\n  underlyings:")
    assert problems(write(text))[0].startswith(f":7: world.interest{problem}")
