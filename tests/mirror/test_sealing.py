"""Laws of a sealed vault: what seals it, what lapses or is cancelled, and what a pause holds up."""

import pytest

from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.authority_errors import (
    AnnouncementLapsed,
    NotGuardian,
    NotOwner,
    NotScheduled,
    TooEarly,
    VaultPaused,
)
from governed import AT, CHANGES, DELAY, OWNER, RISK, STRANGER, Governed, printed


def _deposits(vault: Governed) -> dict[str, tuple[Step, Step]]:
    """One raw unit of cash, and of a collateral, paid in by an owner who has it, and out again."""
    bob, at = AccountId("bob"), vault.at
    for token in ("USDC", "T0"):
        vault.accept(doors.mint(at, OWNER, token=token, to="bob", amount_raw=3))
    return {
        "cash": (
            doors.deposit_cash(at, "bob", account=bob, amount_raw=1),
            doors.withdraw_cash(at, "bob", account=bob, amount_raw=1, to="bob"),
        ),
        "collateral": (
            doors.deposit_collateral(at, "bob", account=bob, collateral=0, amount_raw=1),
            doors.withdraw_collateral(at, "bob", account=bob, collateral=0, amount_raw=1, to="bob"),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["cash", "collateral"])
def test_the_first_deposit_seals_a_vault_for_good(kind: str) -> None:
    """One raw unit of cash or of collateral does, and its withdrawal opens nothing; what the fund has seals nothing."""
    vault = Governed()
    vault.accept(printed(vault))
    paid_in, paid_out = _deposits(vault)[kind]
    vault.accept(doors.fund_insurance(vault.at, "bob", amount_raw=1))
    appoint = doors.set_feeder(vault.at, OWNER, feeder="another", allowed=True)
    vault.accept(appoint)
    vault.accept(paid_in)
    assert vault.refuse(appoint) == NotScheduled()
    vault.accept(paid_out)
    assert vault.refuse(appoint) == NotScheduled()


def test_the_owner_seals_a_vault_for_good() -> None:
    vault = Governed()
    assert vault.refuse(doors.seal(vault.next(), STRANGER)) == NotOwner(STRANGER)
    for _ in range(2):
        assert vault.accept(doors.seal(vault.next(), OWNER)) == [("Sealed", (OWNER,))]
        assert vault.refuse(doors.list_underlying(vault.next(), OWNER, name="BTC", risk=RISK)) == NotScheduled()


def test_an_announcement_lapses_14_days_after_it_is_due() -> None:
    """14 * 86,400 = 1,209,600 seconds."""
    for late in (0, 1):
        vault, change = Governed(), CHANGES["Haircut"][0]
        vault.accept(change.schedule(AT + 10, OWNER))
        enacted = change.enact(AT + 10 + DELAY + 1_209_600 + late, OWNER)
        if late:
            assert vault.refuse(enacted) == AnnouncementLapsed(AT + 1_210_211, AT + 1_210_210)
        else:
            vault.accept(enacted)


def test_owner_and_guardian_cancel_all_that_is_announced() -> None:
    vault, (change, _, _), (other, _, _) = Governed(), CHANGES["Haircut"], CHANGES["Depeg"]
    vault.accept(doors.set_guardian(vault.next(), OWNER, to="guardian"))
    assert vault.refuse(doors.cancel_changes(vault.next(), STRANGER)) == NotGuardian(STRANGER)
    for who in ("guardian", OWNER):
        vault.accept(change.schedule(vault.next(), OWNER))
        vault.accept(other.schedule(vault.next(), OWNER))
        assert vault.accept(doors.cancel_changes(vault.at, who)) == [("ChangesCancelled", (who,))]
        assert vault.refuse(change.schedule(vault.at, OWNER)) == TooEarly(vault.at, vault.at + 1)
        vault.at += DELAY
        assert vault.refuse(change.enact(vault.at, OWNER)) == NotScheduled()
        assert vault.refuse(other.enact(vault.at, OWNER)) == NotScheduled()
    vault.accept(change.schedule(vault.next(), OWNER))
    vault.accept(change.enact(vault.at + DELAY, OWNER))


def test_no_change_is_made_until_the_vault_was_open_for_a_delay() -> None:
    vault, change = Governed(), CHANGES["Haircut"][0]
    vault.accept(change.schedule(vault.next(), OWNER))
    vault.accept(doors.pause(vault.next(), OWNER))
    vault.at += 2 * DELAY
    assert vault.refuse(change.enact(vault.at, OWNER)) == VaultPaused()
    vault.accept(doors.unpause(vault.at, OWNER))
    open_at = vault.at
    vault.accept(doors.unpause(open_at + 1, OWNER))  # ends no pause
    assert vault.refuse(change.enact(open_at + DELAY - 1, OWNER)) == TooEarly(open_at + DELAY - 1, open_at + DELAY)
    vault.accept(change.enact(open_at + DELAY, OWNER))


def test_a_sealed_vault_replaces_its_guardian_as_announced() -> None:
    vault = Governed()
    vault.accept(doors.set_guardian(vault.next(), OWNER, to="first"))
    vault.accept(doors.set_guardian(vault.next(), OWNER, to="second"))  # no account has anything to lose
    vault.accept(doors.seal(vault.next(), OWNER))
    replaced = doors.GUARDIAN.of(to="third")
    assert vault.refuse(replaced.schedule(vault.next(), STRANGER)) == NotOwner(STRANGER)
    assert vault.refuse(replaced.enact(vault.next(), OWNER)) == NotScheduled()
    announced_at = vault.next()
    assert vault.accept(replaced.schedule(announced_at, OWNER)) == [
        ("GuardianScheduled", (OWNER, "third", announced_at + DELAY))
    ]
    assert vault.accept(replaced.enact(announced_at + DELAY, OWNER)) == [("GuardianSet", (OWNER, "third"))]


def test_the_first_guardian_of_a_sealed_vault_is_set_at_once() -> None:
    vault = Governed()
    vault.accept(doors.seal(vault.next(), OWNER))
    vault.accept(doors.set_guardian(vault.next(), OWNER, to="first"))
    assert vault.refuse(doors.set_guardian(vault.next(), OWNER, to="")) == NotScheduled()
