"""Payments of a run as flows: between the parties of the vault, and into and out of it."""

from __future__ import annotations

from crossvault.report.page import PagePart
from crossvault.report.page_auctions import PaymentKey
from crossvault.report.page_data import exact
from crossvault.report.page_history import RunHistory
from crossvault.report.page_parts import FlowChart, PageColumn, PageTable, Payment, Prose

CROSSING = ("deposit", "withdrawal")  # between a wallet and an account
OUTSIDE = ("mint", "transfer", "fee")  # between wallets, and what a token takes
_FLOWS = {
    "Payments between accounts, markets, the insurance fund and lenders": False, "Deposits and withdrawals": True,
}  # fmt: skip


def payment_parts(history: RunHistory) -> list[PagePart]:
    """Flows in the quote token, and a table of what is not in them."""
    sums, quote = history.payments, history.quote
    drawn = {key: value for key, value in sums.items() if key[3] == quote and key[2] not in OUTSIDE}
    found: list[PagePart] = []
    for title, is_crossing in _FLOWS.items():
        if payments := [_payment(key, value) for key, value in drawn.items() if (key[2] in CROSSING) == is_crossing]:
            found.append(FlowChart(title, quote, payments))
    others = [(*key, exact(value)) for key, value in sums.items() if key not in drawn]
    if others:
        columns = (
            PageColumn("payer"), PageColumn("payee"), PageColumn("for"), PageColumn("token"),
            PageColumn("amount", "tokens", "number", 6),
        )  # fmt: skip
        found.append(PageTable("Other tokens, and what moves outside the vault", columns, others))
    return found or [Prose("No payment was made.")]


def _payment(key: PaymentKey, value: int) -> Payment:
    payer, payee, reason, _ = key
    return Payment(payer, payee, exact(value), reason)
