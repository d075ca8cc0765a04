"""Errors of steps name line and field: instruments, expiries, batches, orders, parameter changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from small_scenarios import ACTORS, HEAD, LINE, PRICES, problems, scenario_file

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a scenario and returns its path."""
    return partial(scenario_file, tmp_path)


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (
            "do: trade, maker: maker, taker: alice, instrument: ETH-PREP, size: 1 ETH",
            ".instrument: unknown name 'ETH-PREP': did you mean 'ETH-PERP'?",
        ),
        (
            "do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 1 ETH, price: marc",
            ".price: 'marc' is not a number with a unit: expected something like '2,000 USD'",
        ),
        (
            "do: publish forward, underlying: ETH, expiry: tomorrow, forward: 5 USD",
            ".expiry: 'tomorrow' is not an expiry",
        ),
        ("do: publish foward, underlying: ETH", ".do: 'publish foward' is not a step: did you mean 'publish forward'?"),
        ("do: publish surface, underlying: ETH, expiry: 20241227, surface: {}", ".surface: expected a flat volatility"),
        (
            "do: open expiry, underlying: ETH, expiry: 20241227, bsis: 5 USD",
            ".bsis: unknown field: did you mean 'basis'",
        ),
        ("do: settle, underlying: ETC, expiry: 20241227", ".underlying: unknown name 'ETC': did you mean 'ETH'?"),
        (
            "do: settle, underlying: ETH, expiry: 20241227, accounts: [alise]",
            ".accounts: unknown name 'alise': did you mean 'alice'?",
        ),
        ("do: batch, calls: []", ".calls: expected at least one, got []"),
        (
            "do: batch, calls: [{do: pause}]",
            ".calls[0].do: 'pause' is not a step: expected one of: deposit, withdraw, trade",
        ),
        (
            "do: batch, calls: [{do: deposit, account: alice, amount: 1 USDC, by: alice}]",
            ": 'by' is for the whole batch: write it alongside 'calls'",
        ),
        (
            "do: batch, calls: [{do: deposit, account: alise, amount: 1 USDC}]",
            ".account: unknown name 'alise': did you mean 'alice'?",
        ),
        (
            "do: set mode, account: alice, mode: portfolo",
            ".mode: 'portfolo': did you mean 'portfolio'? expected one of: standard, portfolio",
        ),
        ("do: schedule rules, rules: drive", ".rules: 'drive' is not a preset: did you mean 'derive'?"),
        (
            "do: schedule rules, rules: {scenarios: [{spots: [10 %], vols: [upp]}]}",
            ".rules.scenarios[0].vols[0]: 'upp': did you mean 'up'?",
        ),
        (
            "do: enact rules, rules: {scenarios: [{spots: [10 %]}], correlations: {ETH: {ETC: {alike: 50 %}}}}",
            ".correlations: unknown name 'ETC': did you mean 'ETH'?",
        ),
        (
            "do: schedule portfolio, underlying: ETH, portfolio: {vol: {up: 50 %, down: 10 %}, skw: {}}",
            ".portfolio.skw: unknown field: did you mean 'skew'?",
        ),
        ("do: schedule options, underlying: ETH, options: {heartbet: 2h}", ".options.heartbet: unknown field: did you"),
        ("do: enact guard, underlying: ETH, guard: {max jmp: 1 %}", ".guard.max jmp: unknown field: did you mean 'max"),
        ("do: schedule interest, interest: {low slop: 1 %}", ".interest.low slop: unknown field: did you mean 'low"),
        (
            "do: fill, matches: [{maker: bid, taker: ask, size: 1 ETH}]",
            ".matches: unknown name 'bid': expected one",
        ),
        ("do: cancel, order: bid", ".order: unknown name 'bid': expected one of: nothing"),
        ("do: cancel below, account: alice, salt: soon", ".salt: expected a whole number, got 'soon'"),
        (
            "do: order, name: bid, account: alice, instrument: ETH-PERP, size: 1 BTC, limit: 5 USD, expires: +1h",
            ".size: '1 BTC' is in BTC: expected a size in ETH",
        ),
        (
            "do: order, name: bid, account: alice, instrument: ETH-PERP, size: 1 ETH, limt: 5 USD, expires: +1h",
            ".limt: unknown field: did you mean 'limit'?",
        ),
        (
            "do: look, expect: {mark of ETH-20241227-4000-X: 1 USD}",
            ".expect.mark of ETH-20241227-4000-X: unknown name 'ETH-20241227-4000-X'",
        ),
        ("do: look, expect: {fundng of alice in ETH-PERP: 1 USDC}", ".expect.fundng of alice in ETH-PERP: 'fundng of"),
        ("do: look, expect: {borrow index: 1 USDC}", ".expect.borrow index: '1 USDC' is in USDC: expected one of: x"),
        ("do: look, expect: {refused: {StalePrice: {expiry: soon}}}", ".expect.expiry: 'soon' is not an expiry"),
        (
            "do: look, expect: {refused: {InstrumentExpired: {instrument: ETH-PREP}}}",
            ".expect.instrument: unknown name 'ETH-PREP': did you mean 'ETH-PERP'?",
        ),
    ],
)
def test_wrong_steps(write: Write, step: str, problem: str) -> None:
    text = HEAD + PRICES + ACTORS + f"steps:\n  - {{{step}}}\n"
    assert problems(write(text))[0].startswith(f":{LINE + 3}: steps[0]{problem}")


def test_two_orders_of_one_name(write: Write) -> None:
    order = "do: order, name: bid, account: alice, instrument: ETH-PERP, size: 1 ETH, limit: 5 USD, expires: +1h"
    text = HEAD + PRICES + ACTORS + f"steps:\n  - {{{order}}}\n  - {{{order}}}\n"
    assert problems(write(text)) == [f":{LINE + 3}: steps[0].name: 'bid' is the name of another order"]


def test_a_batch_of_two_owners_requires_a_sender(write: Write) -> None:
    calls = "{do: withdraw, account: alice, amount: 1 USDC}, {do: withdraw, account: maker, amount: 1 USDC}"
    text = HEAD + PRICES + ACTORS + f"steps:\n  - {{do: batch, calls: [{calls}]}}\n"
    assert problems(write(text)) == [
        f":{LINE + 3}: steps[0].calls: alice and maker are senders of one batch: expected 'by'"
    ]
