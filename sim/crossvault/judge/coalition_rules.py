"""V19 and V20: no person gains by a call more than others gave it, and all gains sum to zero.

A gain is one of worth at true prices, by the call alone: wallets, and each account as far as it is above zero, as its
owner owes no more than it holds. Prints and time are no calls, so that their gains and losses do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.marks import decoded
from crossvault.judge.moment import Moment
from crossvault.judge.ordinary_gains import auction_gain, bidder_gain
from crossvault.judge.rounding import RAY, WAD, ceiling
from crossvault.judge.step_rounding import rounding_ray
from crossvault.judge.true_worth import limited, token_prices, true_equities, waiting_prices, wallet_gains, worth

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

SECOND_ADDRESS = "reward-of-a-second-address"
"""The known weakness of a reward for a debt that its own debtor takes over by another address."""
_TRADES = frozenset(("trade", "fill"))
_ACTS = frozenset((
    "deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "fund_insurance", "batch", "bid",
    "settle", *_TRADES,
))  # fmt: skip


def profit_wad(moment: Moment, person: str) -> int:
    """Profit of a person at a step: its gain of worth, less the ordinary gain of an auction; at least [wad]."""
    if not moment.accepted or moment.step.action not in _ACTS:
        return 0
    return _gains(moment).get(person, Bracket.of(0)).low - auction_gain(moment, person)


def worth_of(moment: Moment, person: str) -> Bracket:
    """Worth of a person after a step, in wallets and accounts, at true prices [wad]."""
    names = {account.owner for account in moment.after.accounts} | {person, *moment.persons}
    own = frozenset(name for name in names if moment.persons.get(name, name) == person)
    return worth(moment.after, own, moment.at)


def no_gain_beyond_losses(moment: Moment) -> Iterator[Breach]:
    """V19: a person gains by a call at most what others lost in trades that they signed, and by an auction's rule."""
    if moment.step.action != "bid" and not waiting_prices(moment.before, moment.at):
        yield from _undue_gains(moment)


def no_gain_at_waiting_price(moment: Moment) -> Iterator[Breach]:
    """V19 while a jump waits for its second print, at the price that waits."""
    if moment.step.action != "bid" and waiting_prices(moment.before, moment.at):
        yield from _undue_gains(moment)


def no_gain_by_a_bid(moment: Moment) -> Iterator[Breach]:
    """V19 of a bid: the bidder gains what the auction leaves it, for the seconds in which a bid was possible.

    A second address of who left the debt gains the reward that a stranger would: a known weakness, up to that.
    """
    if moment.step.action != "bid":
        return
    args, before = moment.step.args, moment.before
    is_own = moment.person(args["account"]) == moment.person(args["bidder"])
    is_paid = is_own and before.account(args["account"]).sale.insolvent_at
    for breach in _undue_gains(moment):
        is_reward = is_paid and (breach.money_wad or 0) <= bidder_gain(moment) + valuation_rounding(moment)
        yield breach._replace(weakness=SECOND_ADDRESS) if is_reward else breach


def _undue_gains(moment: Moment) -> Iterator[Breach]:
    if not moment.accepted or moment.step.action not in _ACTS:
        return
    slack_wad = valuation_rounding(moment)
    for person, gain in _gains(moment).items():
        if gain.low <= slack_wad:
            continue
        allowed_wad = _signed_losses(moment, person) + auction_gain(moment, person) + _remainders(moment, person)
        if gain.low > allowed_wad + slack_wad:
            accounts = tuple(each for each in moment.changed if moment.person(each) == person)
            yield Breach(f"{person} gains {gain.low}, at most {allowed_wad} is due", gain.low - allowed_wad, accounts)


def gains_sum_to_zero(moment: Moment) -> Iterator[Breach]:
    """V20: the gains of all accounts and wallets and of the fund sum to zero, but for roundings."""
    if not moment.accepted or moment.step.action not in _ACTS:
        return
    total = Bracket.of(sum(wallet_gains(moment).values()) + _fund_gain(moment))
    for account in moment.changed:
        before, after = true_equities(moment, account)
        total = total.plus(after.minus(before))
    slack_wad = valuation_rounding(moment)
    if total.low > slack_wad or total.high < -slack_wad:
        yield Breach(
            f"the gains of all sum to {total}, expected zero within {slack_wad} of roundings",
            max(total.low, -total.high),
            tuple(moment.changed),
        )


def valuation_rounding(moment: Moment) -> int:
    """The most that roundings move the worth of what a step changes [wad].

    Beside the roundings of the step itself each value of an account is rounded down on its own, before and after it;
    parts of sizes and quotes that a bid takes are rounded by less than a wei, and its shorts by as much.
    """
    values = 2
    for account in moment.changed:
        old, new = moment.before.account(account), moment.after.account(account)
        values += len(old.positions) + len(new.positions) + len(old.balances) + len(new.balances) + 2
    units = 0
    if moment.step.action == "bid":
        sold = moment.before.account(moment.step.args["account"])
        most = max((each.price.index_wad for each in moment.after.underlyings), default=0)
        strikes = (max(most, decoded(each.instrument)[3]) for each in sold.positions)
        units = sum(ceiling(2 * each, WAD) + 2 for each in strikes)  # a wei of an option is worth up to its strike
    return values + units + ceiling(rounding_ray(moment), RAY)


def _gains(moment: Moment) -> dict[str, Bracket]:
    """Gains of worth by person [wad]."""
    gains: dict[str, Bracket] = {}

    def add(person: str, gain: Bracket) -> None:
        gains[person] = gains.get(person, Bracket.of(0)).plus(gain)

    for name, gain_wad in wallet_gains(moment).items():
        add(moment.persons.get(name, name), Bracket.of(gain_wad))
    for account in moment.changed:
        before, after = true_equities(moment, account)
        add(moment.person(account), limited(after).minus(limited(before)))
    return gains


def _signed_losses(moment: Moment, person: str) -> int:
    """The most that other persons lost in accounts that traded, bid or paid by their own authority [wad]."""
    lost: dict[str, int] = {}
    wallets = wallet_gains(moment)
    for account in moment.changed:
        if moment.person(account) != person and _is_signed(moment, account):
            before, after = true_equities(moment, account)
            lost[account.owner] = lost.get(account.owner, 0) + max(0, before.high - after.low)
    lost_wad = sum(max(0, each - max(0, wallets.get(owner, 0))) for owner, each in lost.items())
    sender = moment.step.sender
    if moment.persons.get(sender, sender) != person:
        lost_wad += max(0, -wallets.get(sender, 0))
    return lost_wad


def _remainders(moment: Moment, person: str) -> int:
    """Worth of the fractions of raw units that a bid leaves with the account that it sells [wad]."""
    step = moment.step
    if step.action != "bid" or moment.person(step.args["account"]) != person:
        return 0
    balances = moment.before.account(step.args["account"]).balances
    prices = token_prices(moment.after, moment.at)
    held = (asset.token for asset, raw in zip(moment.before.collaterals, balances, strict=False) if raw)
    return sum(ceiling(prices[token], WAD) for token in held)


def _is_signed(moment: Moment, account: AccountId) -> bool:
    """Whether what an account loses by a step is by its owner's will: it trades, bids, or its owner sends the call."""
    step = moment.step
    if step.action == "bid":
        return bool(account == step.args["bidder"])
    if step.action == "batch":
        trades = (call for call in step.args["calls"] if call.action == "trade")
        traded = any(account in (call.args["maker"], call.args["taker"]) for call in trades)
    else:
        traded = step.action in _TRADES
    return traded or (account in moment.touched and moment.person(account) == _person_of_sender(moment))


def _person_of_sender(moment: Moment) -> str:
    return moment.persons.get(moment.step.sender, moment.step.sender)


def _fund_gain(moment: Moment) -> int:
    """Gain of the insurance fund by a step, less its part of the interest that had accrued until then [wad]."""
    old, new = moment.before.cash, moment.after.cash
    gain_wad = new.insurance_wad - old.insurance_wad
    if new.accrued_at == old.accrued_at:
        return gain_wad
    paid = old.total_borrow * (new.borrow_index - old.borrow_index)
    earned = old.total_supply * (new.supply_index - old.supply_index)
    return gain_wad - (paid - earned) // RAY
