"""Worth of accounts at the true prices of a market, by the model's own valuation, which is fast.

A search values some thousands of acts a second; the judge confirms by its own arithmetic what the search finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from crossvault.attack.market_opening import COALITION, PERSON, PRICED_BY, QUOTE, TOKENS
from crossvault.attack.price_path import FIRST_PRICES
from crossvault.differential.model import Model
from crossvault.mirror import collateral, margin, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.standard import Level


class AccountWorth(NamedTuple):
    """The equity of an account at the index price, and at the true price [wad]."""

    equity_wad: int
    true_wad: int


TruePrices = Mapping[int, int]
"""The true price of the underlyings whose index may differ from it [wad]."""


def equity(model: Model, account: AccountId, at: int) -> int:
    """Equity of an account at the last prices [wad]."""
    return margin.equity(valuation.book(model.vault.ledger, account, now=at))


def buffer(model: Model, account: AccountId, level: Level, at: int) -> int:
    """Buffer of an account at the last prices, however old they are [wad]."""
    return margin.margin(valuation.book(model.vault.ledger, account, now=at), level)


def worths(model: Model, accounts: Iterable[AccountId], true_wad: TruePrices, at: int) -> dict[AccountId, AccountWorth]:
    """Worth of accounts."""
    found = {account: equity(model, account, at) for account in accounts}
    if is_true(model, true_wad):
        return {account: AccountWorth(each, each) for account, each in found.items()}
    with truly_priced(model, true_wad):
        return {account: AccountWorth(each, equity(model, account, at)) for account, each in found.items()}


def is_true(model: Model, true_wad: TruePrices) -> bool:
    """Whether indexes and forwards are the true prices."""
    ledger = model.vault.ledger
    if any(ledger.prices[number].index != wad for number, wad in true_wad.items()):
        return False
    return all(curve.forward in (0, true_wad.get(0)) or curve.settlement for curve in ledger.curves.values())


@contextmanager
def truly_priced(model: Model, true_wad: TruePrices) -> Iterator[None]:
    """The model at the true prices: they are written without a journal, and taken back."""
    ledger = model.vault.ledger
    kept: list[tuple[StorageStruct, str, int]] = []
    kept += [(ledger.prices[number], "index", wad) for number, wad in true_wad.items()]
    kept += [(curve, "forward", true_wad[0]) for curve in ledger.curves.values() if curve.listed_at]
    before = [(target, name, getattr(target, name)) for target, name, _ in kept]
    for target, name, wad in kept:
        object.__setattr__(target, name, wad)
    try:
        yield
    finally:
        for target, name, wad in before:
            object.__setattr__(target, name, wad)


def wallets(model: Model, true_wad: TruePrices) -> int:
    """Worth of the tokens that the coalition holds outside of the vault [wad]."""
    total = 0
    for spec in TOKENS:
        raw = sum(model.tokens[spec.name].balances[owner] for owner in PERSON)
        if spec.name == QUOTE:
            total += collateral.to_wad(raw, spec.decimals)
            continue
        underlying = next(PRICED_BY[place] for place, each in enumerate(TOKENS[1:]) if each.name == spec.name)
        total += collateral.value(raw, true_wad.get(underlying, FIRST_PRICES[underlying]), spec.decimals)
    return total


def coalition_of(accounts: Iterable[AccountId]) -> tuple[AccountId, ...]:
    """Those of some accounts that belong to the coalition."""
    return tuple(account for account in accounts if account in COALITION)
