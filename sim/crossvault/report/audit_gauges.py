"""The accounts and totals of an audited vault as Prometheus metrics, served over HTTP or written to a file.

Amounts are floats of the quote token: for charts and alerts, not for comparison. The accounts with the lowest health
have rows, at most `top` of them; an account that is no longer one of them has none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from crossvault.audit.account_rows import AccountRow
from crossvault.audit.replica import Replica
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import UNBOUNDED
from crossvault.report.audit import cash_held_wad, utilisation_wad
from crossvault.report.margin_terms import account_terms

_TERMS = {  # a field of MarginTerms, without its `_wad` -> its help text
    "equity": "Value of the account at mark, in the quote token",
    "initial_margin_balance": "Equity that counts at initial, after haircuts, in the quote token",
    "initial_requirement": "Initial margin requirement, in the quote token",
    "initial_buffer": "Initial margin balance less initial requirement, in the quote token",
    "free_collateral": "Initial buffer, or zero where it is negative, in the quote token",
    "maintenance_margin_balance": "Equity that counts at maintenance, after haircuts, in the quote token",
    "maintenance_requirement": "Maintenance margin requirement, in the quote token",
    "maintenance_buffer": "Maintenance margin balance less maintenance requirement, in the quote token",
    "health": "Maintenance margin balance over maintenance requirement",
}
_ACCOUNT = _TERMS | {
    "on_sale": "1 while the account is being liquidated",
    "nearest_liquidation": "Least relative move of one price that takes the maintenance buffer to zero",
}
_VAULT = {
    "insurance": "Insurance fund, in the quote token",
    "deficit": "Noted deficits of accounts for sale, in the quote token",
    "cash_held": "Quote tokens held by the vault",
    "utilisation": "Part of the supplied cash that is borrowed",
    "accounts": "Accounts that hold anything",
    "last_block": "Number of the last block that was compared",
    "lag_blocks": "Blocks between it and the head of the chain",
    "lag_seconds": "Seconds since the time of that block",
    "steps": "Steps of the vault that were compared",
    "differences": "Differences between chain and model: 0, or 1 and the audit has ended",
    "reorganisations": "Reorganisations of the chain that were followed",
}


class Gauges:
    """The metrics of one vault."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Gauge

        self.registry = CollectorRegistry()
        self._vault = {n: Gauge(f"crossvault_{n}", about, registry=self.registry) for n, about in _VAULT.items()}
        self._account = {
            n: Gauge(f"crossvault_account_{n}", about, ["account"], registry=self.registry)
            for n, about in _ACCOUNT.items()
        }

    def serve(self, port: int) -> None:
        """Answers on /metrics of a port, from a thread of its own. Raises OSError where the port is taken."""
        from prometheus_client import start_http_server

        start_http_server(port, registry=self.registry)

    def write(self, path: Path) -> None:
        """Writes the text form atomically: a reader sees the file before or after, never a part."""
        from prometheus_client import write_to_textfile

        write_to_textfile(str(path), self.registry)

    def set(self, replica: Replica, found: Sequence[AccountRow], top: int, differences: int = 0) -> None:
        """Sets the metrics from the state of the vault and its accounts."""
        shared, counts = replica.model.snapshot([]).globals, replica.counts
        values: dict[str, float] = {
            "insurance": shared.insurance_wad / WAD, "deficit": shared.deficit_wad / WAD,
            "cash_held": cash_held_wad(replica) / WAD, "utilisation": utilisation_wad(replica) / WAD,
            "accounts": len(found), "last_block": replica.block.number,
            "lag_blocks": max(0, replica.head - replica.block.number),
            "lag_seconds": max(0.0, time.time() - replica.block.at), "steps": counts.steps, "differences": differences,
            "reorganisations": counts.reorganisations,
        }  # fmt: skip
        for name, value in values.items():
            self._vault[name].set(value)
        for gauge in self._account.values():
            gauge.clear()
        for each in found[:top]:
            self._set_account(each)

    def _set_account(self, each: AccountRow) -> None:
        terms, account = account_terms(each.metrics), str(each.account)
        values: dict[str, float] = {name: getattr(terms, f"{name}_wad") / WAD for name in _TERMS}
        values["on_sale"] = int(each.on_sale)
        values["nearest_liquidation"] = math.inf if each.nearest is None else each.nearest.shock / WAD
        if terms.health_wad >= UNBOUNDED:
            values["health"] = math.inf
        for name, value in values.items():
            self._account[name].labels(account).set(value)
