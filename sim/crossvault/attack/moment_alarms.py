"""Alarms over a moment of a play: accounts that cannot be sold, withdrawals that dust locks, a feed that is dead."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from crossvault.attack.market_draw import WAD
from crossvault.attack.market_opening import COALITION, HONEST, LIQUIDATOR
from crossvault.attack.played_act import AlarmReading
from crossvault.attack.rewound_model import RewoundModel
from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror import account as accounts, cash, funding, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.ledger import funding_index

SHIELD, LOCK, IDLE = "shield", "lock", "idle"
DUST = 1_000  # so many times a deficit must be locked by it
_WAITS = frozenset({"", "InsuranceExhausted", "InsufficientMargin"})  # for the fund, or a richer stranger
_ENOUGH = 10**40


class MomentAlarm(NamedTuple):
    """An alarm over a moment: its name, the rule that it stands for, and the rule in words."""

    name: str
    rule: str
    sentence: str


OF_MOMENTS = (
    MomentAlarm(SHIELD, "V21", "an account that fails maintenance at usable prices cannot be sold"),
    MomentAlarm(LOCK, "V34", "a deficit that is dust locks the withdrawals of others"),
    MomentAlarm(IDLE, "V33", "funding is paid for time in which a dead feed stops every trade"),
)


def shielded(model: RewoundModel, failing: Collection[AccountId], at: int) -> Iterator[tuple[AccountId, AlarmReading]]:
    """V21: the coalition's accounts that fail maintenance at usable prices and cannot be sold to a stranger."""
    if model.vault.paused:
        return
    for account in failing:
        if account in COALITION and _is_usable(model, account, at):
            with model.trial():
                refusal = _refusal(model, account, at)
            if refusal not in _WAITS:
                lacking_wad = -min(0, -_requirement(model, account, at))
                yield account, AlarmReading(SHIELD, f"a sale is refused: {refusal}", lacking_wad)


def _is_usable(model: RewoundModel, account: AccountId, at: int) -> bool:
    """Whether the prices, forwards and surfaces of its positions are fresh."""
    ledger = model.vault.ledger
    for instrument in accounts.instruments(ledger.holders[account]):
        number, kind = market.underlying_of(instrument), market.kind_of(instrument)
        secs = ledger.risks[number].heartbeat_secs
        prints = [(ledger.prices[number].published_at, secs)]
        if kind != market.PERP:
            curve = ledger.curves[market.term_of(number, market.expiry_of(instrument))]
            prints.append((curve.published_at, secs))
            if market.is_option(kind):
                prints.append((curve.surface_published_at, ledger.option_risks[number].heartbeat_secs))
        if not all(oracle.is_fresh(published_at, oldest, now=at) for published_at, oldest in prints):
            return False
    return True


def _requirement(model: RewoundModel, account: AccountId, at: int) -> int:
    return model.metrics([account], at)[0].maintenance_requirement_wad


def _refusal(model: RewoundModel, account: AccountId, at: int) -> str:
    """The refusal of a sale of a small part of an account; empty where there is none."""
    sender = LIQUIDATOR.owner
    is_on_sale = model.vault.ledger.sales[account].started_at != 0
    if not is_on_sale and (refusal := _tried(model, doors.start_liquidation(at, sender, account=account))):
        return refusal
    offer = doors.bid(at, sender, account=account, bidder=LIQUIDATOR, fraction_wad=WAD // 100, limit_wad=_ENOUGH)
    refusal = _tried(model, offer)
    if refusal != "AuctionInsolvent":
        return refusal
    return _tried(model, doors.declare_insolvent(at, sender, account=account)) or _tried(model, offer)


def _tried(model: RewoundModel, step: Step) -> str:
    refusal, _ = model.execute(step)
    return refusal.name if refusal else ""


class LockState(NamedTuple):
    """Deficits of the coalition that lock withdrawals, and the cash of others that they lock [wad]."""

    deficit_wad: int
    locked_wad: int


def locked(model: RewoundModel, at: int) -> LockState | None:
    """V34: the lock of withdrawals by deficits of the coalition; None while there is none."""
    pool = model.vault.ledger.cash
    if pool.deficit_wad <= pool.insurance_wad:
        return None
    own_wad = sum(model.vault.ledger.sales[account].deficit_wad for account in COALITION)
    if own_wad == 0 or pool.deficit_wad - own_wad > pool.insurance_wad:
        return None
    principals = (model.vault.ledger.holders[account].principal for account in HONEST)
    return LockState(own_wad, sum(cash.present(pool, each, now=at) for each in principals if each > 0))


def locked_by_dust(state: LockState) -> AlarmReading | None:
    """The reading of a lock whose deficit is dust."""
    if state.locked_wad < DUST * state.deficit_wad:
        return None
    return AlarmReading(LOCK, "a deficit of dust and an empty fund", state.locked_wad, "cent-stops-all")


def idle_funding(model: RewoundModel, at: int) -> int:
    """Funding that the coalition gains for the time since the price of ETH became stale, just before a print [wad]."""
    ledger = model.vault.ledger
    if not ledger.risks:
        return 0
    price, risk, perp = ledger.prices[0], ledger.risks[0], market.perp(0)
    stale_at = price.published_at + risk.heartbeat_secs
    if at <= stale_at or price.published_at == 0:
        return 0
    grown_ray = funding_index(ledger, perp, now=at) - funding_index(ledger, perp, now=stale_at)
    sizes = (accounts.entry(ledger.holders[account], perp).size for account in COALITION)
    return funding.payment(sum(sizes), grown_ray)
