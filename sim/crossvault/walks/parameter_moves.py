"""Random steps of governance: parameters scheduled and enacted, listings, roles, pauses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from crossvault.differential import doors
from crossvault.differential.doors import Announcement
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import cash, fixed, market
from crossvault.mirror.account import ALL_SCOPES, DEPOSIT, TRADE, WITHDRAW
from crossvault.mirror.collateral import HaircutTerms
from crossvault.walks import terms
from crossvault.walks.base import (
    BROKER,
    COLLATERALS,
    FEEDER,
    GOVERNOR,
    GUARDIAN,
    PRICED_BY,
    SPARES,
    STRANGER,
    UNDERLYINGS,
    WAD,
    WalkBase,
)
from crossvault.walks.variety import WalkParameters, at_an_end

_MOST_SECS = 2**32 - 1  # that a field of seconds has room for
T = TypeVar("T")
P = TypeVar("P", market.MarketRisk, market.OptionRisk, HaircutTerms)
_TIGHTER: Mapping[str, Sequence[tuple[str, int]]] = {
    "risk": (("initial_rate", 1), ("trade_band", -1), ("profit_weight", -1)),
    "options": (
        ("trade_band", -1), ("max_spot_rate", 1), ("min_spot_rate", 1), ("put_initial_scale", 1),
        ("unpaired_initial", 1),
    ),
    "haircut": (("haircut_initial", 1),),
}  # fmt: skip
"""By kind of parameters, the fields whose tightening waits for nothing, and their tighter side."""


class ParameterMoves(WalkBase):
    """Moves of the owner of a vault, and of senders without that role."""

    def __init__(self, seed: int, variety: WalkParameters) -> None:
        super().__init__(seed, variety)
        self._scheduled: list[Announcement] = []

    def _listings(self) -> Iterator[Step]:
        for name in UNDERLYINGS:
            yield doors.list_underlying(self._at, GOVERNOR, name=name, risk=self._stretched(terms.risk(self._random)))
        for token in COLLATERALS:
            haircut = self._stretched(terms.haircut(self._random))
            yield doors.list_collateral(self._at, GOVERNOR, token=token, underlying=PRICED_BY[token], terms=haircut)
        yield doors.set_feeder(self._at, GOVERNOR, feeder=FEEDER, allowed=True)
        yield doors.set_guardian(self._at, GOVERNOR, to=GUARDIAN)

    def _announcements(self) -> Sequence[Announcement]:
        """The parameters in force before trading begins: options, guards, portfolio margin and interest."""
        random = self._random
        found = [doors.OPTIONS.of(underlying=each, risk=self._stretched(terms.options(random))) for each in (0, 1)]
        guarded = [underlying for underlying in range(3) if random.random() < 0.6]
        found += [doors.GUARD.of(underlying=each, guard=self._stretched(terms.guard(random))) for each in guarded]
        found += [
            doors.PORTFOLIO.of(underlying=each, risk=self._stretched(terms.portfolio_risk(random))) for each in (0, 1)
        ]
        found.append(doors.RULES.of(rules=self._stretched(terms.rules(random))))
        found.append(doors.INTEREST.of(interest=self._stretched(terms.interest(random))))
        return found

    def _stretched(self, value: T) -> T:
        """Parameters as drawn, or with a field at the end of its range."""
        percent = self._variety.edge_pct
        return at_an_end(self._random, value) if percent and self._random.randrange(100) < percent else value

    def _schedule(self, model: Model) -> Step:
        random = self._random
        underlying = random.choice((0, 0, 1, 1, 2, 3))
        ended = terms.options(random)._replace(heartbeat_secs=0)  # no options any more
        options = ended if random.random() < 0.05 else self._stretched(terms.options(random))
        change = random.choice(
            (
                doors.RISK.of(underlying=underlying, risk=self._stretched(terms.risk(random))),
                doors.HAIRCUT.of(collateral=random.randrange(9), terms=self._stretched(terms.haircut(random))),
                doors.AUCTION.of(terms=self._stretched(terms.auction(random))),
                doors.DEPEG.of(terms=self._stretched(terms.depeg(random))),
                doors.OPTIONS.of(underlying=underlying, risk=options),
                doors.GUARD.of(underlying=underlying, guard=self._stretched(terms.guard(random))),
                doors.INTEREST.of(interest=self._stretched(terms.interest(random))),
                doors.PORTFOLIO.of(underlying=underlying, risk=self._stretched(terms.portfolio_risk(random))),
                doors.RULES.of(rules=self._stretched(terms.rules(random))),
            )
        )
        self._scheduled.append(change)
        return change.schedule(self._at, self._governor())

    def _cap(self, model: Model) -> Step:
        """A cap of the vault about what there is, or none: announced or at once, at times on what does not exist."""
        random, ledger = self._random, model.vault.ledger
        amounts = [("borrowing", 0, cash.borrowed(ledger.cash))]
        amounts += [("collateral", number, asset.total_raw) for number, asset in enumerate(ledger.assets)]
        amounts += [("open interest", number, ledger.caps.interests[number]) for number in range(len(ledger.risks))]
        what, number, present = random.choice(amounts)
        if random.random() < 0.05:
            what, number = random.choice((("borrowing", 1), ("collateral", 9), ("open interest", 9), ("nothing", 0)))
        amount = 0 if random.random() < 0.4 else present * random.choice((50, 100, 101, 150, 400)) // 100
        change = doors.CAP.of(what=what, number=number, amount=amount)
        if random.random() < 0.6:
            return change.enact(self._at, self._governor())
        self._scheduled.append(change)
        return change.schedule(self._at, self._governor())

    def _enact(self, model: Model) -> Step:
        if self._random.random() < 0.15:
            return self._tighten(model)
        if not self._scheduled:
            return self._schedule(model)
        place = self._random.randrange(len(self._scheduled))
        change = self._scheduled[place]
        if self._random.random() < 0.7:
            del self._scheduled[place]
        return change.enact(self._at, self._governor())

    def _tighten(self, model: Model) -> Step:
        """Parameters in force but for one field, mostly one that is moved to its tighter side and not announced."""
        random, ledger = self._random, model.vault.ledger
        underlying = random.randrange(len(ledger.risks))
        kind = random.choice(("risk", "options", "haircut") if ledger.assets else ("risk", "options"))
        if kind == "haircut":
            collateral = random.randrange(len(ledger.assets))
            terms = self._nudged(ledger.assets[collateral].terms, kind)
            return doors.enact_haircut(self._at, self._governor(), collateral=collateral, terms=terms)
        if kind == "options":
            options = self._nudged(ledger.option_risks[underlying], kind)
            return doors.enact_options(self._at, self._governor(), underlying=underlying, risk=options)
        risk = self._nudged(ledger.risks[underlying], kind)
        return doors.enact_risk(self._at, self._governor(), underlying=underlying, risk=risk)

    def _nudged(self, was: P, kind: str) -> P:
        """Parameters with one field moved, or none."""
        random = self._random
        name, side = random.choice((*_TIGHTER[kind], *_TIGHTER[kind], (random.choice(was._fields), 1)))
        moved = getattr(was, name) + side * random.choice((0, 1, WAD // 100))
        return was._replace(**{name: min(_MOST_SECS if name.endswith("_secs") else fixed.CAP, max(0, moved))})

    def _governor(self) -> str:
        return GOVERNOR if self._random.random() < 0.95 else STRANGER

    def _pause(self, model: Model) -> Step:
        return doors.pause(self._at, self._random.choice((GUARDIAN, GOVERNOR, STRANGER)))

    def _unpause(self, model: Model) -> Step:
        return doors.unpause(self._at, self._random.choice((GOVERNOR,) * 7 + (GUARDIAN,)))

    def _ownership(self, model: Model) -> Step:
        """Offers the ownership to the owner itself, so that governance continues; or a stranger tries to accept it; at
        times the same of the guardian, a seal, or all that is announced is cancelled."""
        if self._random.random() < 0.4:
            return self._guarded()
        if self._random.random() < 0.5:
            return doors.offer_ownership(self._at, GOVERNOR, to=GOVERNOR)
        return doors.accept_ownership(self._at, self._random.choice((GOVERNOR, STRANGER)))

    def _guarded(self) -> Step:
        """A guardian announced or replaced, a seal, a cancellation."""
        random = self._random
        if random.random() < 0.5:
            who = random.choice((GUARDIAN, GUARDIAN, GUARDIAN, BROKER))
            change = doors.GUARDIAN.of(to=who)
            self._scheduled.append(change)
            made = change.enact if random.random() < 0.3 else change.schedule
            return made(self._at, self._governor())
        if random.random() < 0.4:
            return doors.seal(self._at, self._governor())
        return doors.cancel_changes(self._at, random.choice((GUARDIAN, GOVERNOR, STRANGER)))

    def _operator(self, model: Model) -> Step:
        account = self._account()
        operator = self._random.choice((STRANGER, BROKER, account.owner))
        allowed = operator == BROKER or self._random.random() < 0.3
        actor = self._actor(account)
        if self._random.random() < 0.7:
            return doors.set_operator(self._at, actor, account=account, operator=operator, allowed=allowed)
        scopes = self._random.choice((ALL_SCOPES,) * 6 + (TRADE, TRADE | DEPOSIT, TRADE | WITHDRAW))
        if operator != BROKER:
            scopes = self._random.randrange(ALL_SCOPES + 2)
        return doors.set_scopes(self._at, actor, account=account, operator=operator, scopes=scopes)

    def _list(self, model: Model) -> Step:
        """A further underlying or collateral, up to the limits and beyond, or a feeder: announced, and at times not."""
        random = self._random
        number = len(model.vault.ledger.risks)
        token = random.choice((*SPARES, *SPARES, "WETH", "USDC"))
        haircut, priced_by = terms.haircut(random), random.choice((0, 0, 0, 9))
        change = random.choice(
            (
                doors.UNDERLYING.of(name=f"MORE{number}", risk=terms.risk(random)),
                doors.COLLATERAL.of(token=token, underlying=priced_by, terms=haircut),
                doors.COLLATERAL.of(token=token, underlying=priced_by, terms=haircut),
                doors.FEEDER.of(feeder=random.choice((FEEDER, FEEDER, BROKER))),
            )
        )
        if random.random() < 0.3:
            return change.enact(self._at, self._governor())
        self._scheduled.append(change)
        return change.schedule(self._at, self._governor())

    def _bad_terms(self, model: Model) -> Step:
        """Parameters just outside their ranges."""
        random = self._random
        bad_guard = terms.guard(random)._replace(confirm_secs=86_401)
        bad_options = terms.options(random)._replace(unpaired_initial=WAD - 1)
        bad_interest = terms.interest(random)._replace(low_slope=4 * WAD + 1)
        return random.choice(
            (
                doors.list_underlying(self._at, GOVERNOR, name="BAD", risk=market.MarketRisk()),
                doors.schedule_guard(self._at, GOVERNOR, underlying=0, guard=bad_guard),
                doors.schedule_options(self._at, GOVERNOR, underlying=1, risk=bad_options),
                doors.schedule_interest(self._at, GOVERNOR, interest=bad_interest),
                doors.set_feeder(self._at, STRANGER, feeder=STRANGER, allowed=True),
                doors.open_expiry(self._at, STRANGER, underlying=0, expiry=fixed.CAP),
            )
        )
