"""Laws of governance: who may do what, what each door notes and emits, and when a change takes effect."""

import pytest

from crossvault.differential import doors
from crossvault.mirror.authority_errors import (
    NotFeeder,
    NotGuardian,
    NotOwner,
    NotPendingOwner,
    NotScheduled,
    TooEarly,
)
from crossvault.mirror.market_errors import (
    ExpiryListed,
    ExpiryOutOfRange,
    TokenListed,
    TooManyCollaterals,
    TooManyExpiries,
    TooManyUnderlyings,
    UnknownCollateral,
    UnknownUnderlying,
)
from governed import (
    AT,
    CHANGES,
    DAY,
    DELAY,
    FEEDER,
    GUARD,
    HAIRCUT,
    OPTIONS,
    OWNER,
    PORTFOLIO,
    RISK,
    STRANGER,
    Governed,
    printed,
)


def test_ownership_passes_in_two_steps() -> None:
    vault = Governed()
    assert vault.refuse(doors.offer_ownership(vault.next(), STRANGER, to=STRANGER)) == NotOwner(STRANGER)
    assert vault.accept(doors.offer_ownership(vault.next(), OWNER, to="next")) == [
        ("OwnershipOffered", (OWNER, "next"))
    ]
    assert vault.model.vault.owner == OWNER  # an offer passes nothing
    assert vault.refuse(doors.accept_ownership(vault.next(), STRANGER)) == NotPendingOwner(STRANGER)
    assert vault.refuse(doors.accept_ownership(vault.next(), OWNER)) == NotPendingOwner(OWNER)
    assert vault.accept(doors.accept_ownership(vault.next(), "next")) == [("OwnershipAccepted", ("next",))]
    assert vault.refuse(doors.set_guardian(vault.next(), OWNER, to="g")) == NotOwner(OWNER)
    assert vault.refuse(doors.accept_ownership(vault.next(), "next")) == NotPendingOwner("next")  # once
    assert vault.accept(doors.set_guardian(vault.next(), "next", to="g")) == [("GuardianSet", ("next", "g"))]


def test_guardian_and_owner_pause_and_the_owner_alone_ends_it() -> None:
    vault = Governed()
    vault.accept(doors.set_guardian(vault.next(), OWNER, to="guardian"))
    assert vault.refuse(doors.pause(vault.next(), STRANGER)) == NotGuardian(STRANGER)
    for who in ("guardian", OWNER):
        assert vault.accept(doors.pause(vault.next(), who)) == [("Paused", (who,))]
        assert vault.model.vault.paused
        assert vault.refuse(doors.unpause(vault.next(), "guardian")) == NotOwner("guardian")
        assert vault.accept(doors.unpause(vault.next(), OWNER)) == [("Unpaused", (OWNER,))]
        assert not vault.model.vault.paused


def test_feeders_come_and_go() -> None:
    vault = Governed()
    assert vault.refuse(printed(vault, STRANGER)) == NotFeeder(STRANGER)
    vault.accept(printed(vault))
    for allowed in (False, True):
        step = doors.set_feeder(vault.next(), OWNER, feeder=FEEDER, allowed=allowed)
        assert vault.accept(step) == [("FeederSet", (OWNER, FEEDER, allowed))]
        assert (vault.model.apply(printed(vault)).refusal is None) is allowed


def test_only_the_owner_governs() -> None:
    vault = Governed()
    steps = [
        doors.set_feeder(vault.next(), STRANGER, feeder=STRANGER, allowed=True),
        doors.set_guardian(vault.next(), STRANGER, to=STRANGER),
        doors.unpause(vault.next(), STRANGER),
        doors.list_underlying(vault.next(), STRANGER, name="BTC", risk=RISK),
        doors.list_collateral(vault.next(), STRANGER, token="T1", underlying=0, terms=HAIRCUT),
        doors.open_expiry(vault.next(), STRANGER, underlying=0, expiry=AT + DAY),
    ]
    for change, _, _ in CHANGES.values():
        vault.accept(change.schedule(vault.next(), OWNER))
        steps += [change.schedule(vault.at, STRANGER), change.enact(vault.at + DELAY, STRANGER)]
    assert [vault.refuse(step) for step in steps] == [NotOwner(STRANGER)] * len(steps)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_takes_effect_its_delay_after_its_announcement_and_once(name: str) -> None:
    change, values, field = CHANGES[name]
    vault = Governed()
    before = field(vault.model.vault.ledger)
    assert vault.refuse(change.enact(vault.next(), OWNER)) == NotScheduled()
    announced_at = vault.next()
    assert vault.accept(change.schedule(announced_at, OWNER)) == [
        (f"{name}Scheduled", (OWNER, *values, announced_at + DELAY))
    ]
    due_at = announced_at + DELAY
    assert vault.refuse(change.enact(due_at - 1, OWNER)) == TooEarly(due_at - 1, due_at)
    assert field(vault.model.vault.ledger) == before != values[-1]
    [*_, event] = vault.accept(change.enact(due_at, OWNER))
    more = (0,) if name == "Risk" else ()  # the funding index, of a perp without funding
    assert event == (f"{name}Enacted", (OWNER, *values, *more))
    assert field(vault.model.vault.ledger) == values[-1]
    assert vault.refuse(change.enact(due_at + 1, OWNER)) == NotScheduled()


def test_a_change_of_what_is_not_listed_is_refused() -> None:
    vault = Governed()
    assert [vault.refuse(change.schedule(vault.next(), OWNER)) for change in (
        doors.RISK.of(underlying=1, risk=RISK), doors.OPTIONS.of(underlying=1, risk=OPTIONS),
        doors.GUARD.of(underlying=1, guard=GUARD), doors.PORTFOLIO.of(underlying=1, risk=PORTFOLIO),
    )] == [UnknownUnderlying(1)] * 4  # fmt: skip
    assert vault.refuse(
        doors.HAIRCUT.of(collateral=1, terms=HAIRCUT).schedule(vault.next(), OWNER)
    ) == UnknownCollateral(1)
    listed = doors.list_collateral(vault.next(), OWNER, token="T1", underlying=1, terms=HAIRCUT)
    assert vault.refuse(listed) == UnknownUnderlying(1)


def test_eight_underlyings_and_eight_collaterals_each_once() -> None:
    vault = Governed()
    for number in range(1, 8):
        step = doors.list_underlying(vault.next(), OWNER, name=f"U{number}", risk=RISK)
        assert vault.accept(step) == [("UnderlyingListed", (OWNER, f"U{number}", RISK, number))]
        listed = doors.list_collateral(vault.next(), OWNER, token=f"T{number}", underlying=number, terms=HAIRCUT)
        event = ("CollateralListed", (OWNER, f"T{number}", number, HAIRCUT, 18, number))
        assert vault.accept(listed) == [event]
    ninth = doors.list_underlying(vault.next(), OWNER, name="U8", risk=RISK)
    assert vault.refuse(ninth) == TooManyUnderlyings(9, 8)
    listed = doors.list_collateral(vault.next(), OWNER, token="T8", underlying=0, terms=HAIRCUT)
    assert vault.refuse(listed) == TooManyCollaterals(9, 8)
    assert vault.model.vault.ledger.names == ("ETH", *(f"U{number}" for number in range(1, 8)))
    assert [asset.underlying for asset in vault.model.vault.ledger.assets] == list(range(8))


def test_no_token_is_listed_twice_nor_the_quote_token() -> None:
    vault = Governed()
    for token in ("T0", "USDC"):
        listed = doors.list_collateral(vault.next(), OWNER, token=token, underlying=0, terms=HAIRCUT)
        assert vault.refuse(listed) == TokenListed(token)


def test_an_expiry_is_half_an_hour_and_a_second_to_ten_years_ahead_and_eight_are_open() -> None:
    """30 * 60 + 1 = 1,801 seconds; 3,650 days."""
    vault = Governed()
    vault.accept(printed(vault))
    now = vault.next()
    low, high = now + 1_801, now + 3_650 * DAY
    for expiry in (low - 1, high + 1):
        assert vault.refuse(doors.open_expiry(now, OWNER, underlying=0, expiry=expiry)) == ExpiryOutOfRange(
            expiry, low, high
        )
    for expiry in (low, high, *(now + number * DAY for number in range(1, 7))):
        step = doors.open_expiry(now, OWNER, underlying=0, expiry=expiry)
        assert vault.accept(step) == [("ExpiryOpened", (OWNER, 0, expiry))]
        assert vault.refuse(step) == ExpiryListed(0, expiry)
    ninth = doors.open_expiry(now, OWNER, underlying=0, expiry=now + 9 * DAY)
    assert vault.refuse(ninth) == TooManyExpiries(9, 8)
    unknown = doors.open_expiry(now, OWNER, underlying=1, expiry=low)
    assert vault.refuse(unknown) == UnknownUnderlying(1)
