"""What would have kept an account alive: figures on paper, and the contracts with the cash and with one unit less."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crossvault.differential.step import Outcome, Step, account_id
from crossvault.evm.inprocess import InProcessChain
from crossvault.history.counterfactual import Counterfactual
from crossvault.history.playhead import Playhead
from crossvault.history.recorded_account import UnknownAccount, is_sale_of, recorded_account, require_account
from crossvault.history.what_if import WhatIf, what_if
from crossvault.lockstep.record import Record, read
from crossvault.mirror import account as accounts
from crossvault.mirror.fixed import WAD
from crossvault.scenario import load
from recorded import recorded

USDC = 10**6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def record_of(name: str, folder: Path) -> Record:
    """The record of a shipped story, made once."""
    path = folder / f"{name}.jsonl"
    return read(path if path.exists() else recorded(load(name), path))


def answer(record: Record, name: str, number: int | None = None) -> WhatIf:
    """The answer for an account just before a step: by default the first that liquidates it, or at the end."""
    account = account_id(name)
    found = recorded_account(record, account)
    playhead = Playhead(record)
    if number is None:
        number = found.liquidations[0].number if found.liquidations else len(record.steps) + 1
    playhead.move(number - 1)
    return what_if(found, playhead, record.steps[min(number, len(record.steps)) - 1].at)


@pytest.fixture(scope="module")
def alice(folder: Path) -> WhatIf:
    """Alice just before her liquidation, step 25."""
    return answer(record_of("first-liquidation", folder), "alice")


def played(record: Record, steps: Sequence[Step]) -> list[Outcome]:
    """The outcomes of steps on the contracts."""
    chain = InProcessChain(record.story().world)
    try:
        return chain.play(steps)
    finally:
        chain.close()


def with_deposit(found: WhatIf, amount_raw: int) -> list[Step]:
    """The steps of the record with cash inserted at the moment."""
    trials = Counterfactual(found.playhead, found.account, found.at)
    steps, number = found.playhead.steps, found.number
    return [*steps[:number], *trials.deposit(amount_raw), *steps[number:]]


def test_alice_needs_160_dollars_or_to_sell_17_7_ether(alice: WhatIf) -> None:
    # Cash of 1,000 less 40 * 20 lost leaves 200; maintenance is 5 % of 40 * 180 = 360. So 160 are missing, or, without
    # cash, all but 200 / (5 % * 180) = 22.2 ether are too many. The price does not fall any more.
    found = alice
    assert found.liquidation is not None and found.number == found.liquidation.number - 1 == 24
    assert found.once is not None and found.lasting is not None
    assert (
        found.once.amount_raw == found.lasting.amount_raw == 160 * USDC and found.still is None
    )  # as with no step of her own
    [reduction] = found.reductions
    least = 40 * WAD - 200 * WAD * WAD // (9 * WAD)
    assert reduction.held_wad == 40 * WAD and reduction.once_wad == reduction.lasting_wad == least
    assert [each.method.name for each in found.methods] == ["standard", "crossvault", "isolated"]
    standard, _, isolated = found.methods
    assert standard.cash == found.lasting and standard.maintenance.buffer_wad == -160 * WAD
    assert (isolated.maintenance, isolated.whole) == (standard.maintenance, standard.whole)
    assert standard.whole.first is not None and standard.whole.first.number == 24


def test_alice_is_safe_from_184_dollars_on(alice: WhatIf) -> None:
    # 1,000 + 40 (p - 200) = 5 % * 40 p at p = 7,000 / 38.
    [turn] = alice.prices.alone
    assert not alice.prices.is_safe and turn.down_wad is None and turn.up_wad == -(-7_000 * WAD // 38)


@pytest.mark.slow
def test_with_the_cash_the_contracts_refuse_the_liquidation_and_with_a_unit_less_they_start_it(folder: Path) -> None:
    for name, account in (("bad-debt", "bob"), ("short-strangle-into-crash", "")):
        record = record_of(name, folder)
        found = answer(record, account or liquidated(record))
        assert found.liquidation is not None and found.once is not None and found.once.amount_raw
        place = found.number + 2  # after a mint and a deposit
        for amount_raw, refusal in ((found.once.amount_raw, "NotLiquidatable"), (found.once.amount_raw - 1, None)):
            outcome = played(record, with_deposit(found, amount_raw)[: place + 1])[place]
            assert (outcome.refusal and outcome.refusal.name) == refusal, (name, amount_raw)


def test_with_160_dollars_the_contracts_do_not_liquidate_alice_and_with_a_unit_less_they_do(alice: WhatIf) -> None:
    place = 26  # her liquidation is step 25, after a mint and a deposit
    for amount_raw, refusal in ((160 * USDC, "NotLiquidatable"), (160 * USDC - 1, None)):
        outcome = played(alice.recorded.record, with_deposit(alice, amount_raw)[: place + 1])[place]
        assert (outcome.refusal and outcome.refusal.name) == refusal


def liquidated(record: Record) -> str:
    """The first account that a record liquidates."""
    return next(str(step.args["account"]) for step in record.steps if step.action == "start_liquidation")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["short-strangle-into-crash", "funding-squeeze"])
def test_the_lasting_cash_keeps_the_account_alive_on_the_contracts_and_a_unit_less_does_not(
    name: str, folder: Path
) -> None:
    record = record_of(name, folder)
    found = answer(record, liquidated(record), first_open(record, liquidated(record)))
    assert found.lasting is not None and found.lasting.amount_raw and found.lasting.short is not None
    assert found.lasting.path.is_alive and not found.lasting.short.is_alive
    assert lowest_on_contracts(record, found, found.lasting.amount_raw) >= 0
    assert lowest_on_contracts(record, found, found.lasting.amount_raw - 1) < 0


def test_an_account_that_only_time_makes_fail_fails_at_the_step_that_liquidates_it(folder: Path) -> None:
    record = record_of("funding-squeeze", folder)
    found = answer(record, "alice")
    assert found.liquidation is not None
    standard = found.methods[0]
    assert standard.whole.first is not None and standard.whole.first.at == found.liquidation.at
    trials = Counterfactual(found.playhead, found.account, found.at, found.recorded.refused)
    for need in (found.once, found.lasting):
        assert need is not None and need.amount_raw
    assert found.lasting is not None and found.lasting.amount_raw
    assert trials.replayed(trials.deposit(found.lasting.amount_raw)).is_alive
    assert not trials.replayed(trials.deposit(found.lasting.amount_raw - 1)).is_alive


def first_open(record: Record, name: str) -> int:
    """The step after the one that opens an account's first position."""
    playhead, account = Playhead(record), account_id(name)
    while not accounts.instruments(playhead.model.vault.ledger.holders[account]):
        playhead.advance()
    return playhead.number + 1


def lowest_on_contracts(record: Record, found: WhatIf, amount_raw: int) -> int:
    """The lowest maintenance buffer after the moment, by the contracts, without the steps that liquidate [wad]."""
    chain, lowest = InProcessChain(record.story().world), []
    try:
        for place, step in enumerate(with_deposit(found, amount_raw)):
            if not is_sale_of(step, found.account):
                chain.play([step])
            if place > found.number:
                [metrics] = chain.metrics([found.account], step.at)
                if not metrics.stale_underlying:
                    lowest.append(metrics.maintenance_equity_wad - metrics.maintenance_requirement_wad)
    finally:
        chain.close()
    return min(lowest)


@pytest.mark.slow
def test_the_methods_have_the_margin_of_the_contracts_in_either_mode(folder: Path) -> None:
    record = record_of("portfolio-mode", folder)
    for account in dict.fromkeys(each for step in record.steps for each in step.accounts()):
        found = answer(record, str(account))
        [metrics] = found.playhead.model.metrics([account], found.at)
        own = next(each for each in found.methods if each.method == found.own)
        assert own.maintenance.requirement_wad == metrics.maintenance_requirement_wad
        assert own.initial.margin_balance_wad == metrics.initial_equity_wad
        assert [each.method.name for each in found.methods] == ["standard", "portfolio", "isolated"]


def test_the_playhead_returns_to_the_moment(alice: WhatIf) -> None:
    fresh = Playhead(alice.recorded.record)
    fresh.move(alice.number)
    assert alice.playhead.model.snapshot([alice.account]) == fresh.model.snapshot([alice.account])
    assert (alice.playhead.number, alice.playhead.model.at) == (fresh.number, fresh.model.at)


def test_an_account_in_liquidation_has_no_cash_to_be_saved_with(folder: Path) -> None:
    found = answer(record_of("first-liquidation", folder), "alice", 26)
    assert found.is_for_sale and found.once is None and found.lasting is None and found.reductions == []
    assert found.liquidation is not None and found.liquidation.number == 25


@pytest.mark.parametrize(("name", "words"), [("alcie", "did you mean 'alice'"), ("feeder", "has no account")])
def test_another_name_is_no_account(folder: Path, name: str, words: str) -> None:
    with pytest.raises(UnknownAccount, match=words):
        require_account(record_of("first-liquidation", folder), name)
