"""Steps through the doors of the exchange and of test tokens."""

from __future__ import annotations

from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Match, Order


def fill(at: int, sender: str, *, matches: tuple[Match, ...]) -> Step:
    """Fill of pairs of signed orders."""
    return Step(at, sender, "fill", {"matches": matches})


def cancel(at: int, sender: str, *, order: Order) -> Step:
    """Cancellation of one signed order."""
    return Step(at, sender, "cancel", {"order": order})


def cancel_below(at: int, sender: str, *, account: AccountId, salt: int) -> Step:
    """Cancellation of every order of an account with a salt below a floor."""
    return Step(at, sender, "cancel_below", {"account": account, "salt": salt})


def next_epoch(at: int, sender: str, *, account: AccountId) -> Step:
    """Cancellation of every order of the present epoch of an account."""
    return Step(at, sender, "next_epoch", {"account": account})


def mint(at: int, sender: str, *, token: str, to: str, amount_raw: int) -> Step:
    """Issue of test tokens to a holder."""
    return Step(at, sender, "mint", {"token": token, "to": to, "amount_raw": amount_raw})


def transfer(at: int, sender: str, *, token: str, to: str, amount_raw: int) -> Step:
    """Transfer of test tokens from the sender."""
    return Step(at, sender, "transfer", {"token": token, "to": to, "amount_raw": amount_raw})
