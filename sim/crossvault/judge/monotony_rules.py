"""Monotony at run time (V7): a worse account or harsher terms never lower a requirement or raise a margin.

A stored field is changed, the metrics shown are read again, and the change is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crossvault.judge.breach import Breach
from crossvault.judge.marks import FUTURE, PERP, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD

if TYPE_CHECKING:
    from crossvault.differential.model import Model
    from crossvault.judge.books import AccountBook
    from crossvault.mirror.account import AccountId
    from crossvault.mirror.valuation import Metrics

SHARE = 20  # one law for one account at one of so many steps
_MOST_RATE = 10 * WAD


class Law(NamedTuple):
    """A change of stored fields, and whether it is to the account's good; `change` writes it to a ledger."""

    what: str
    is_good: bool
    change: Callable[[Any, AccountId, AccountBook], None]


def _haircuts(ledger: Any, account: AccountId, book: AccountBook) -> None:
    for asset, raw in zip(ledger.assets, book.balances, strict=True):
        if raw:
            initial, maintenance = asset.terms.haircut_initial, asset.terms.haircut_maintenance
            asset.terms = asset.terms._replace(
                haircut_initial=(initial + WAD) // 2, haircut_maintenance=(maintenance + WAD) // 2
            )


def _confidence(ledger: Any, account: AccountId, book: AccountBook) -> None:
    for price in ledger.prices.values():
        price.confidence //= 2
    for curve in ledger.curves.values():
        curve.confidence //= 2
        curve.surface_confidence //= 2


def _rates(ledger: Any, account: AccountId, book: AccountBook) -> None:
    ledger.risks = tuple(
        risk._replace(
            initial_rate=min(_MOST_RATE, 2 * risk.initial_rate),
            maintenance_rate=min(_MOST_RATE, 2 * risk.maintenance_rate),
            impact_rate=min(_MOST_RATE, 2 * risk.impact_rate),
        )
        for risk in ledger.risks
    )


def _profit_weight(ledger: Any, account: AccountId, book: AccountBook) -> None:
    ledger.risks = tuple(risk._replace(profit_weight=risk.profit_weight // 2) for risk in ledger.risks)


def _offsets(ledger: Any, account: AccountId, book: AccountBook) -> None:
    rules = ledger.model.data.rules
    terms = rules.terms._replace(
        breakdown=rules.terms.breakdown + WAD // 10,
        loss_initial=rules.terms.loss_initial + WAD // 10,
        loss_maintenance=rules.terms.loss_maintenance + WAD // 10,
    )
    ledger.model.data = ledger.model.data._replace(rules=rules._replace(terms=terms))


def _loss(ledger: Any, account: AccountId, book: AccountBook) -> None:
    quotes = ledger.holders[account].quotes
    for held in book.positions:
        if decoded(held.instrument)[1] in (PERP, FUTURE):
            quotes[held.instrument].quote -= WAD
            return


def _cash(ledger: Any, account: AccountId, book: AccountBook) -> None:
    ledger.holders[account].principal += WAD


LAWS = (
    Law("higher haircuts", False, _haircuts),
    Law("a lower confidence", False, _confidence),
    Law("higher rates", False, _rates),
    Law("a lower weight of profits", False, _profit_weight),
    Law("smaller risk offsets", False, _offsets),
    Law("one more loss", False, _loss),
    Law("more cash", True, _cash),
)


def monotony(moment: Moment) -> Iterator[Breach]:
    """V7: harsher terms or a loss never lower a requirement or raise a margin, and cash never lowers one."""
    accounts = list(moment.changed if moment.full else moment.changed or moment.after.accounts)
    laws: Sequence[Law] = LAWS
    if accounts and not moment.full:
        turn = moment.number // SHARE
        laws, accounts = LAWS[turn % len(LAWS) :][:1], [accounts[turn % len(accounts)]]
    for account in accounts:
        book = moment.after.account(account)
        was = moment.model.metrics([account], moment.at)[0]
        for law in laws:
            yield from _broken(law, account, was, changed_metrics(moment.model, law, account, book, moment.at))


def changed_metrics(model: Model, law: Law, account: AccountId, book: AccountBook, at: int) -> Metrics:
    """Metrics of an account after a change, which is taken back."""
    try:
        law.change(model.vault.ledger, account, book)
        return model.metrics([account], at)[0]
    finally:
        model.journal.undo()


def _broken(law: Law, account: AccountId, was: Metrics, now: Metrics) -> Iterator[Breach]:
    for level in ("initial", "maintenance"):
        needed, needs = (int(getattr(each, f"{level}_requirement_wad")) for each in (was, now))
        margin_was, margin = (
            int(getattr(each, f"{level}_equity_wad")) - int(getattr(each, f"{level}_requirement_wad"))
            for each in (was, now)
        )
        if law.is_good and margin < margin_was:
            text = f"{level} margin of {account} falls from {margin_was} to {margin} wad by {law.what}"
            yield Breach(text, margin_was - margin, (account,))
        elif not law.is_good and needs < needed:
            text = f"{level} requirement of {account} falls from {needed} to {needs} wad by {law.what}"
            yield Breach(text, needed - needs, (account,))
        elif not law.is_good and margin > margin_was:
            text = f"{level} margin of {account} rises from {margin_was} to {margin} wad by {law.what}"
            yield Breach(text, margin - margin_was, (account,))
