"""Doors that a `callback` token enters from within a transfer of the vault: the amount selects one, or none.

The table of contracts/probes/CallbackToken.sol.
"""

from __future__ import annotations

from collections.abc import Callable

from crossvault.differential import doors
from crossvault.differential.step import VAULT, Step
from crossvault.mirror.account import AccountId

_CHOICES = 32


def callback(token: str, amount_raw: int, at: int) -> Step | None:
    """The step that a token takes from within a transfer of an amount, if it takes one."""
    door = amount_raw % _CHOICES
    return _DOORS[door](at, token) if door < len(_DOORS) else None


def _trade(at: int, token: str) -> Step:
    maker, taker = AccountId(token), AccountId(token, 1)
    return doors.trade(at, token, maker=maker, taker=taker, instrument=0, size=1, price_wad=1)


def _publish_price(at: int, token: str) -> Step:
    return doors.publish_price(
        at, token, underlying=0, index_wad=1, premium_wad=0, confidence_wad=1, published_at=0
    )  # fmt: skip


_DOORS: tuple[Callable[[int, str], Step], ...] = (
    lambda at, token: doors.fund_insurance(at, token, amount_raw=1),
    lambda at, token: doors.deposit_cash(at, token, account=AccountId(token), amount_raw=1),
    lambda at, token: doors.withdraw_cash(at, token, account=AccountId(token), amount_raw=1, to=token),
    lambda at, token: doors.deposit_collateral(at, token, account=AccountId(token), collateral=0, amount_raw=1),
    lambda at, token: doors.withdraw_collateral(
        at, token, account=AccountId(token), collateral=0, amount_raw=1, to=token
    ),
    _trade,
    lambda at, token: doors.settle(at, token, underlying=0, expiry=0, accounts=()),
    lambda at, token: doors.set_mode(at, token, account=AccountId(token), mode=0),
    lambda at, token: doors.start_liquidation(at, token, account=AccountId(token)),
    lambda at, token: doors.declare_insolvent(at, token, account=AccountId(token)),
    lambda at, token: doors.bid(
        at, token, account=AccountId(token), bidder=AccountId(token, 1), fraction_wad=1, limit_wad=0
    ),
    lambda at, token: doors.end_liquidation(at, token, account=AccountId(token)),
    lambda at, token: doors.batch(at, token, calls=()),
    lambda at, token: doors.set_operator(at, token, account=AccountId(VAULT), operator=token, allowed=True),
    lambda at, token: doors.pause(at, token),
    _publish_price,
)
