"""The loop that drives steps, and the sides that it drives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crossvault.differential import doors
from crossvault.differential.drive import Relay, driven, observed, relayed
from crossvault.differential.model import Model
from crossvault.differential.step import Event, Outcome, Side, Step, StepStream, TokenSpec, World
from crossvault.evm.chain import Chain
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.mirror.liquidation import AuctionTerms

START = 1_700_000_000
ALICE = AccountId("alice")
WORLD = World(
    (TokenSpec("USDC", 6),), "USDC", "governor", 0, AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600), START
)
NOTHING = Model(WORLD).snapshot([])
SIDES: tuple[Callable[[World], Side], ...] = (Model, Chain, InProcessChain)


class Counting:
    """Steps whose time is the number of outcomes sent so far, up to a limit, and the sent outcomes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sent: list[Outcome] = []
        self.closed = False

    def steps(self) -> StepStream:
        try:
            while len(self.sent) < self.limit:
                self.sent.append((yield doors.pause(len(self.sent), "guardian")))
        finally:
            self.closed = True


def outcome(step: Step) -> Outcome:
    """An outcome unique to a step."""
    return Outcome(None, (Event("Paused", (step.at,)),), NOTHING)


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_every_outcome_is_sent_back_before_the_next_step(limit: int) -> None:
    counting = Counting(limit)
    for place, (step, found) in enumerate(driven(counting.steps(), outcome)):
        assert step.at == place and found == outcome(step)
        assert len(counting.sent) == place
    assert counting.sent == [outcome(doors.pause(at, "guardian")) for at in range(limit)]
    assert counting.closed


def test_steps_are_closed_when_the_loop_ends_early() -> None:
    counting = Counting(3)
    for _ in driven(counting.steps(), outcome):
        break
    assert counting.sent == [] and counting.closed


def test_an_exception_of_the_steps_ends_the_loop() -> None:
    def failing() -> StepStream:
        yield doors.pause(0, "guardian")
        raise LookupError

    played: list[Step] = []
    with pytest.raises(LookupError):
        for step, _ in driven(failing(), outcome):
            played.append(step)
    assert played == [doors.pause(0, "guardian")]


def test_an_observer_sees_each_step_before_and_after_it_is_played() -> None:
    counting, seen = Counting(2), list[object]()
    steps = observed(counting.steps(), seen.append, lambda step, found: seen.append((step, found)))
    pairs = list(driven(steps, outcome))
    assert seen == [pairs[0][0], pairs[0], pairs[1][0], pairs[1]]
    assert counting.sent == [found for _, found in pairs]
    assert list(driven(observed(Counting(2).steps()), outcome)) == pairs


def test_a_relay_leaves_steps_out_and_ends_them() -> None:
    def relay(step: Step) -> Relay:
        if step.at == 3:
            return None
        return (yield step) if step.at % 2 else outcome(step)

    counting = Counting(9)
    assert [step.at for step, _ in driven(relayed(counting.steps(), relay), outcome)] == [1]
    assert len(counting.sent) == 3 and counting.closed


def test_every_side_plays_the_same_steps() -> None:
    steps = [
        doors.mint(START, "faucet", token="USDC", to="alice", amount_raw=10**9),
        doors.deposit_cash(START, "alice", account=ALICE, amount_raw=10**8),
        doors.withdraw_cash(START, "bob", account=ALICE, amount_raw=1, to="bob"),
    ]
    found = []
    for make in SIDES:
        side = make(WORLD)
        try:
            found.append((side.play(steps), side.snapshot([ALICE]), side.metrics([ALICE], START + 1)))
        finally:
            side.close()
        assert side.engine
    assert found[0] == found[1] == found[2]
