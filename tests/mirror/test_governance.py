"""Laws of governance: who may do what, what each door notes and emits, and when a change takes effect."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.governance_doors import Announcement
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec, World
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, ruleset, shock
from crossvault.mirror.account import AccountId
from crossvault.mirror.authority_errors import (
    AnnouncementLapsed,
    NotFeeder,
    NotGuardian,
    NotOwner,
    NotPendingOwner,
    NotScheduled,
    TooEarly,
    VaultPaused,
)
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ledger import State
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
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.ruleset import Rules

AT, DELAY, DAY = 1_700_000_000, 600, 86_400
OWNER, STRANGER, FEEDER = "governor", "stranger", "feeder"
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
RISK = market.MarketRisk(heartbeat_secs=DAY, initial_rate=WAD // 10, maintenance_rate=WAD // 20, skew_scale=WAD)
OPTIONS = market.OptionRisk(
    heartbeat_secs=DAY, put_initial_scale=WAD, unpaired_initial=WAD, unpaired_maintenance=WAD
)  # fmt: skip
GUARD, HAIRCUT = oracle.PriceGuard(WAD // 10, 60, WAD // 100), collateral.HaircutTerms(WAD // 5, WAD // 10, WAD)
LOWER = HAIRCUT._replace(cap_wad=7)
INTEREST, DEPEG = cash.Interest(WAD // 100, 1, 2, WAD // 2, WAD // 10), cash.DepegTerms(0, WAD, WAD)
PORTFOLIO = portfolio.PortfolioRisk(
    shock.VolRisk(floor_secs=1), shock.SkewRisk(min_width=10**9), shock.RateRisk(), portfolio.BasisRisk(),
    portfolio.Contingency(),
)  # fmt: skip
RULES = Rules(
    (shock.Scenario(dampening=WAD),), correlation.LossTerms(loss_initial=WAD), correlation.Matrix((0,) * 28, (0,) * 28)
)

# of each change: its announcement, the event, the arguments before the due time, the field, a refused place
CHANGES: dict[str, tuple[Announcement, tuple[Any, ...], Callable[[State], Any]]] = {
    "Risk": (doors.RISK.of(underlying=0, risk=RISK._replace(skew_scale=2)), (0, RISK._replace(skew_scale=2)),
             lambda state: state.risks[0]),
    "Options": (doors.OPTIONS.of(underlying=0, risk=OPTIONS), (0, OPTIONS), lambda state: state.option_risks[0]),
    "Guard": (doors.GUARD.of(underlying=0, guard=GUARD), (0, GUARD), lambda state: state.guards[0]),
    "Haircut": (doors.HAIRCUT.of(collateral=0, terms=LOWER), (0, LOWER), lambda state: state.assets[0].terms),
    "Auction": (doors.AUCTION.of(terms=TERMS._replace(fast_secs=7)), (TERMS._replace(fast_secs=7),),
                lambda state: state.terms),
    "Depeg": (doors.DEPEG.of(terms=DEPEG), (DEPEG,), lambda state: state.cash.terms),
    "Interest": (doors.INTEREST.of(interest=INTEREST), (INTEREST,), lambda state: state.cash.interest),
    "Portfolio": (doors.PORTFOLIO.of(underlying=0, risk=PORTFOLIO), (0, PORTFOLIO),
                  lambda state: ruleset.risk_of(state.model.data, 0)),
    "Rules": (doors.RULES.of(rules=RULES), (RULES,), lambda state: state.model.data.rules),
}  # fmt: skip


class Governed:
    """A vault with one underlying and one collateral; each step is played at the next second, or at a given time."""

    def __init__(self) -> None:
        tokens = (TokenSpec("USDC", 6), *(TokenSpec(f"T{number}", 18) for number in range(9)))
        self.model, self.at = Model(World(tokens, "USDC", OWNER, DELAY, TERMS, AT)), AT
        self.accept(doors.list_underlying(self.next(), OWNER, name="ETH", risk=RISK))
        self.accept(doors.list_collateral(self.next(), OWNER, token="T0", underlying=0, terms=HAIRCUT))
        self.accept(doors.set_feeder(self.next(), OWNER, feeder=FEEDER, allowed=True))

    def next(self) -> int:
        self.at += 1
        return self.at

    def accept(self, step: Step) -> Sequence[tuple[str, tuple[Any, ...]]]:
        """The events of a step that must be accepted."""
        outcome: Outcome = self.model.apply(step)
        assert outcome.refusal is None, outcome.refusal
        return [(each.name, each.values) for each in outcome.events]

    def refuse(self, step: Step) -> Refusal:
        """The refusal of a step that must have one."""
        refusal = self.model.apply(step).refusal
        assert refusal is not None, step
        return refusal


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


def printed(vault: Governed, feeder: str = FEEDER) -> Step:
    return doors.publish_price(
        vault.next(), feeder, underlying=0, index_wad=2_000 * WAD, premium_wad=0, confidence_wad=WAD,
        published_at=vault.at,
    )  # fmt: skip


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


# of each struct, the fields that are tighter when they rise, and when they fall: those alone wait for nothing
TIGHTER_UP = {
    "Risk": {"initial_rate"}, "Haircut": {"haircut_initial"},
    "Options": {"max_spot_rate", "min_spot_rate", "put_initial_scale", "unpaired_initial"},
}  # fmt: skip
TIGHTER_DOWN = {"Risk": {"trade_band", "profit_weight"}, "Haircut": set(), "Options": {"trade_band"}}
MIDDLE: dict[str, Any] = {  # where each field may move to both sides
    "Risk": market.MarketRisk(DAY, 2, 2, 6, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2, 2), "Haircut": HAIRCUT,
    "Options": market.OptionRisk(DAY, 4, 9, 7, 4, 4, 4, 2 * WAD, 3 * WAD, 2 * WAD),
}  # fmt: skip


def _tightened(name: str, value: Any) -> Announcement:
    """A change of the first underlying, or collateral, to some parameters."""
    if name == "Haircut":
        return doors.HAIRCUT.of(collateral=0, terms=value)
    return doors.RISK.of(underlying=0, risk=value) if name == "Risk" else doors.OPTIONS.of(underlying=0, risk=value)


@pytest.mark.parametrize("name", MIDDLE)
def test_what_only_tightens_waits_for_nothing(name: str) -> None:
    vault, middle, field = Governed(), MIDDLE[name], CHANGES[name][2]
    vault.accept(_tightened(name, middle).schedule(AT + 10, OWNER))
    if field(vault.model.vault.ledger) != middle:
        vault.accept(_tightened(name, middle).enact(AT + 10 + DELAY, OWNER))
    vault.accept(doors.pause(AT + 20 + DELAY, OWNER))  # a danger does not wait for the end of a pause
    vault.at = AT + 30 + DELAY
    found: set[tuple[str, int]] = set()
    for part in middle._fields:
        for side in (-1, 1):
            now = field(vault.model.vault.ledger)
            moved = _tightened(name, now._replace(**{part: getattr(now, part) + side}))
            assert vault.refuse(moved.enact(vault.next(), STRANGER)) == NotOwner(STRANGER)
            if vault.model.apply(moved.enact(vault.next(), OWNER)).refusal is None:
                found.add((part, side))
    assert found == {(each, 1) for each in TIGHTER_UP[name]} | {(each, -1) for each in TIGHTER_DOWN[name]}
    assert vault.refuse(_tightened(name, field(vault.model.vault.ledger)).enact(vault.next(), OWNER)) == VaultPaused()


def test_a_change_that_tightens_and_loosens_waits() -> None:
    vault = Governed()
    mixed = RISK._replace(initial_rate=RISK.initial_rate + 1, maintenance_rate=RISK.maintenance_rate - 1)
    assert vault.refuse(doors.RISK.of(underlying=0, risk=mixed).enact(vault.next(), OWNER)) == NotScheduled()
    tighter = RISK._replace(initial_rate=RISK.initial_rate + 1)
    assert vault.refuse(doors.RISK.of(underlying=9, risk=tighter).enact(vault.next(), OWNER)) == NotScheduled()
    beyond = doors.RISK.of(underlying=0, risk=RISK._replace(initial_rate=10 * WAD + 1)).enact(vault.next(), OWNER)
    assert isinstance(vault.refuse(beyond), ParameterOutOfRange)


def test_a_tightening_takes_its_announcement_back() -> None:
    vault, tighter = Governed(), doors.RISK.of(underlying=0, risk=RISK._replace(initial_rate=WAD))
    vault.accept(tighter.schedule(vault.next(), OWNER))
    vault.accept(tighter.enact(vault.next(), OWNER))
    vault.accept(doors.RISK.of(underlying=0, risk=RISK).schedule(vault.next(), OWNER))
    vault.at += DELAY
    vault.accept(doors.RISK.of(underlying=0, risk=RISK).enact(vault.at, OWNER))
    assert vault.accept(tighter.enact(vault.at, OWNER))  # at once again, not as it was announced
