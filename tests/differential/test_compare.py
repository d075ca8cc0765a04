"""The comparison sees each kind of difference: the mirror with a mistake against the contracts that ship."""

from __future__ import annotations

import pytest

from code_planting import planted_code
from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.fuzz.task import WalkTask
from crossvault.lockstep.run import Diverged

STORY = WalkTask("quickstart", 1, 100)
KINDS = {  # the module, the text and its replacement, and the field that differs first
    "an event": (
        "custody", 'self.emit("CashDeposited", sender, account, amount_raw,',
        'self.emit("CashDeposited", sender, account, 2 * amount_raw,', "CashDeposited.amount_raw",
    ),
    "a refusal": (
        "verdict", "raise account_errors.InsufficientMargin(account, adjusted, required)\n\n\ndef require_bidder",
        "raise account_errors.InsufficientMargin(account, adjusted, 0)\n\n\ndef require_bidder",
        "refusal.InsufficientMargin.requirement_wad",
    ),
    "acceptance": (
        "verdict", "valued, Level.INITIAL, now=now)\n    if adjusted < required:\n",
        "valued, Level.INITIAL, now=now)\n    if False:\n", "refusal",
    ),
    "an account": ("cash", "    return principal_of(self, present(self, principal, now=now) + delta_wad, now=now)",
                   "    return principal_of(self, present(self, principal, now=now) + delta_wad, now=now) + 1",
                   "CashDeposited.principal"),
    "a margin metric": ("margin", "return fixed.mul_div_ceil(stake, fixed.WAD, equity_wad)", "return 0",
                        "metrics.leverage_wad"),
}  # fmt: skip


def story() -> Story:
    """A short story that ships."""
    return STORY.story(compile_contracts())


@pytest.mark.parametrize("kind", KINDS)
def test_a_difference_of_each_kind_is_seen(kind: str) -> None:
    module, was, becomes, name = KINDS[kind]
    played = story()
    with planted_code(f"crossvault.mirror.{module}", was, becomes):
        side = InProcessChain(played.world, compile_contracts())
        failure = run_in_process(played, Model(played.world), side).failure
    assert isinstance(failure, Diverged) and name in failure.found[0].field, failure


def test_what_no_step_names_is_compared_at_the_end() -> None:
    played = story()
    model, side = Model(played.world), InProcessChain(played.world, compile_contracts())
    was = "        self.owner = owner\n"
    unnamed = "        unnamed = AccountId('unnamed')\n        self.ledger.holders[unnamed].mode = 0\n"
    with planted_code(
        "crossvault.mirror.vault", was, f"{was}{unnamed}        self.ledger.sales[unnamed].reserved_wad = 1\n"
    ):
        model = Model(played.world)
    failure = run_in_process(played, model, side).failure
    assert isinstance(failure, Diverged) and "unnamed" in failure.found[0].field, failure
