"""Alarms over one act of a coalition: its profit, debt by its own act, and exits that others pay for.

Each is a cheap reading of the model; `docs/attack.md` has the rule of the judge that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from crossvault.attack.market_opening import COALITION, HONEST, PERSON, QUOTE, WETH
from crossvault.attack.market_worth import equity, is_true
from crossvault.attack.played_act import AlarmReading, PlayedAct
from crossvault.differential.step import VAULT
from crossvault.mirror import account as accounts, cash, collateral, fixed, liquidation, market
from crossvault.mirror.account import AccountId

LEAST_WAD = fixed.WAD  # money below which nothing is reported: 1 USDC
_MISSING_PARTS = 20  # a twentieth of what lenders hold must be missing: traders always realise a little first
PROFIT, DEBT, HOLE, DRAIN, SPLIT, PAUSED = "profit", "debt", "hole", "drain", "split", "paused"
SECOND_ADDRESS = "reward-of-a-second-address"
UNGUARDED, WITHIN_JUMP, HASTY_BID = "misprint-without-a-guard", "misprint-within-max-jump", "bid-while-a-print-waits"
HELD_FORWARD = "forward-held-back"
_MAX_JUMP_PARTS = 10  # the guard of a drawn market lets a price be wrong by a tenth


class AlarmRule(NamedTuple):
    """An alarm: its name, the rule that it stands for, the rule in words, and its reading of an act."""

    name: str
    rule: str
    sentence: str
    readings: Callable[[PlayedAct], Iterator[AlarmReading]]


def gain(act: PlayedAct) -> int:
    """What the coalition gains by an act, but for ordinary gains of an auction [wad]."""
    grown = sum(max(0, each.true_wad) - max(0, act.before[account].true_wad) for account, each in act.after.items())
    return act.wallets_wad + grown - ordinary(act, grown)


def ordinary(act: PlayedAct, gained_wad: int) -> int:
    """The ordinary gain of a bid on a stranger [wad]: the discount of the seconds in which a bid could be made.

    Of an insolvent account all that is paid; one that is worth something again is sold from the start of the discount.
    """
    if act.sold is None or not act.is_own or act.step.args["account"] in COALITION or gained_wad <= 0:
        return 0
    sold, terms = act.sold, act.model.vault.ledger.terms
    if sold.insolvent_at and sold.worth.equity_wad <= 0:
        return 0 if sold.worth.true_wad > 0 else gained_wad
    elapsed_secs = 0 if sold.insolvent_at else act.step.at - sold.started_at - sold.lost_secs
    clock_at = act.model.vault.ledger.sales[act.step.args["account"]].clock_at
    now = fixed.WAD - liquidation.discount(terms, act.step.at - clock_at)
    fair = fixed.WAD - liquidation.discount(terms, max(0, elapsed_secs))
    return gained_wad if now == 0 else gained_wad * fair // now


def circumstance(act: PlayedAct) -> str:
    """What is peculiar to an act: its door, the state of the prices, and who is on the other side."""
    action, args = act.calls[-1]
    words = [action.replace("_", " ")]
    if act.is_waiting:
        words.append("while a print waits")
    elif not is_true(act.model, act.true_wad):
        words.append(f"at a misprint ({act.draw.misprint}{', with a guard' if act.draw.confirm_secs else ''})")
    if act.sold:
        words.append("for its own account" if args["account"] in COALITION else "for a stranger")
        if act.sold.insolvent_at:
            words.append("worth something" if act.sold.worth.true_wad > 0 else "insolvent")
        elif act.sold.lost_secs:
            words.append("after time without bids")
    if action == "trade" and not set(act.failing) & set(act.after):
        words.append("by accounts that could not be liquidated")
    if action.startswith("withdraw"):
        words += _of_withdrawal(act, args["account"])
    return ", ".join(words if act.is_own else [*words, "by others"])


def _of_withdrawal(act: PlayedAct, account: AccountId) -> list[str]:
    if account not in COALITION:
        return ["as operator"]
    holder = act.model.vault.ledger.holders[account]
    return ["as a loan"] if holder.principal < 0 else ["with a position"] if accounts.instruments(holder) else []


def stated(act: PlayedAct, money_wad: int) -> str:
    """The stated weakness by which money moves at prices that are not the true ones; empty for none.

    Without a guard each print is believed; with one an index may be wrong by `max jump`, which is that part of what is
    traded; an auction is priced at the index, also while a print waits; and while a guard holds a forward back, margin
    knows the one in force alone.
    """
    if act.is_misled:
        return UNGUARDED
    if act.step.action == "bid" and act.is_waiting:
        return HASTY_BID
    if act.sold and act.is_own and act.step.args["account"] in COALITION and _is_reward(act, money_wad):
        return SECOND_ADDRESS
    sizes = (abs(args["size"]) * args["price_wad"] // fixed.WAD for action, args in act.calls if action == "trade")
    is_wrong = act.draw.misprint != "none" and act.draw.confirm_secs and not is_true(act.model, act.true_wad)
    if is_wrong and money_wad * _MAX_JUMP_PARTS <= sum(sizes):
        return WITHIN_JUMP
    return HELD_FORWARD if act.draw.confirm_secs and _is_held_back(act) else ""


def _is_held_back(act: PlayedAct) -> bool:
    """Whether a forward is not the true price, and a position of the coalition depends on it."""
    ledger = act.model.vault.ledger
    held = {
        market.term_of(market.underlying_of(each), market.expiry_of(each))
        for account in act.after
        for each in accounts.instruments(ledger.holders[account])
        if market.kind_of(each) != market.PERP
    }
    curves = [ledger.curves[term] for term in held]
    return any(not each.settlement and each.forward != act.true_wad[0] for each in curves)


def _is_reward(act: PlayedAct, money_wad: int) -> bool:
    """Whether a bid on an insolvent account gains no more than the fund paid beyond its debt."""
    event, sold = act.event("Bid"), act.sold
    if event is None or sold is None or not sold.insolvent_at or sold.worth.true_wad > 0:
        return False
    deal = event.values[5]
    reward_wad: int = -deal.cost_wad + min(0, sold.worth.true_wad) * deal.taken_wad // fixed.WAD
    return money_wad <= reward_wad + LEAST_WAD


def _profit(act: PlayedAct) -> Iterator[AlarmReading]:
    money_wad = gain(act)
    yield AlarmReading(PROFIT, circumstance(act), money_wad, stated(act, money_wad))


def _debt(act: PlayedAct) -> Iterator[AlarmReading]:
    """V15: equity below zero, or further below it, by an act with the coalition's own authority."""
    if not act.is_own or act.step.action == "bid":
        return
    for account, after in act.after.items():
        before = act.before[account]
        deeper = min(0, before.equity_wad) - min(0, after.equity_wad)
        truly = min(0, before.true_wad) - min(0, after.true_wad) if act.is_waiting else 0
        money_wad = max(deeper, truly)
        if money_wad > 0:
            yield AlarmReading(DEBT, circumstance(act), money_wad, stated(act, money_wad))


def _withdrawn(act: PlayedAct) -> int:
    """Cash that left with the coalition [wad]."""
    decimals = act.model.vault.ledger.cash.decimals
    amounts = (args["amount_raw"] for action, args in act.calls if action == "withdraw_cash" and args["to"] in PERSON)
    return collateral.to_wad(sum(amounts), decimals)


def _hole(act: PlayedAct) -> Iterator[AlarmReading]:
    """V16, V17: cash leaves although what accounts owe beyond their equity is more than the fund holds."""
    if not act.is_own or not (withdrawn_wad := _withdrawn(act)):
        return
    model, at = act.model, act.step.at
    pool = model.vault.ledger.cash
    debts = {account: -min(0, equity(model, account, at)) for account in (*HONEST, *COALITION)}
    hole_wad = sum(debts.values()) - pool.insurance_wad
    if hole_wad > 0 and sum(debts.values()) > pool.deficit_wad:
        noted = any(model.vault.ledger.sales[account].insolvent_at for account, wad in debts.items() if wad)
        words, weakness = ("after a note that stands still" if noted else "before the note"), "run-before-note"
        if noted and act.draw.fund_usd * fixed.WAD < pool.deficit_wad:
            words, weakness = "after a note that unpaid interest covers", "phantom-insurance"
        yield AlarmReading(HOLE, f"withdraw cash, {words}", min(withdrawn_wad, hole_wad), weakness)


def _drain(act: PlayedAct) -> Iterator[AlarmReading]:
    """V16: cash of lenders leaves against losses that are not settled, and no borrower pays interest on it."""
    if not act.is_own or not (withdrawn_wad := _withdrawn(act)):
        return
    ledger, at = act.model.vault.ledger, act.step.at
    principals = [holder.principal for holder in ledger.holders.values()]
    claims_wad = sum(cash.present(ledger.cash, each, now=at) for each in principals)
    held_wad = collateral.to_wad(act.model.tokens[QUOTE].balances[VAULT], ledger.cash.decimals)
    missing_wad = claims_wad + ledger.cash.insurance_wad - held_wad
    lent_wad = sum(cash.present(ledger.cash, each, now=at) for each in principals if each > 0)
    if missing_wad * _MISSING_PARTS > lent_wad > 0:
        money_wad = min(withdrawn_wad, missing_wad)
        yield AlarmReading(DRAIN, "withdraw cash, realised profit", money_wad, "profit-paid-by-lenders")


def _split(act: PlayedAct) -> Iterator[AlarmReading]:
    """V35: loans of several accounts against a collateral of which one account's cap would count less."""
    if not act.is_own or not act.draw.has_cap or not _withdrawn(act):
        return
    ledger, at = act.model.vault.ledger, act.step.at
    if len(ledger.assets) <= WETH:  # a smaller story may list none
        return
    asset = ledger.assets[WETH]
    holders = [ledger.holders[account] for account in COALITION]
    index_wad = ledger.prices[asset.underlying].index
    values = [collateral.value(each.balances[WETH], index_wad, asset.decimals) for each in holders]
    haircut, cap_wad = asset.terms.haircut_initial, asset.terms.cap_wad
    credits_wad = sum(collateral.credit(value, haircut, cap_wad) for value in values)
    merged_wad = collateral.credit(sum(values), haircut, cap_wad)
    owed_wad = -sum(min(0, cash.present(ledger.cash, each.principal, now=at)) for each in holders)
    beyond_wad = min(credits_wad, owed_wad) - merged_wad
    if beyond_wad > 0:
        yield AlarmReading(SPLIT, "withdraw cash, against one cap per account", beyond_wad, "caps-per-account")


_TRADES = ("trade", "batch")


def _paused(act: PlayedAct) -> Iterator[AlarmReading]:
    """V30: in a pause no requirement rises by a trade; collateral that is paid in may raise one."""
    if act.is_own and act.step.action in _TRADES and act.rise_wad > 0:
        yield AlarmReading(PAUSED, circumstance(act), act.rise_wad)


OF_ACTS = (
    AlarmRule(PROFIT, "V19", "a coalition gains by its acts", _profit),
    AlarmRule(DEBT, "V15", "equity falls below zero by an account's own act", _debt),
    AlarmRule(HOLE, "V17", "cash leaves although debts beyond the fund are not noted", _hole),
    AlarmRule(DRAIN, "V16", "cash of lenders leaves against losses that are not settled", _drain),
    AlarmRule(SPLIT, "V35", "several accounts have more credit than one", _split),
    AlarmRule(PAUSED, "V30", "a requirement rises by a trade in a pause", _paused),
)
