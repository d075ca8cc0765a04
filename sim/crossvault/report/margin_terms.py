"""The margin of an account in the terms of `docs/glossary.md`: one name and one column head each, in every command."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror.valuation import Metrics


class MarginTerms(NamedTuple):
    """Equity, and per level the margin balance, the requirement and the buffer between them [wad]; health [wad]."""

    equity_wad: int
    initial_margin_balance_wad: int
    initial_requirement_wad: int
    initial_buffer_wad: int
    free_collateral_wad: int
    maintenance_margin_balance_wad: int
    maintenance_requirement_wad: int
    maintenance_buffer_wad: int
    health_wad: int

    def document(self) -> dict[str, str]:
        """The terms as JSON: decimal text by name."""
        return {name: str(value) for name, value in self._asdict().items()}


HEADS = dict(
    zip(
        MarginTerms._fields,
        ("equity", "balance IM", "req. IM", "buffer IM", "free", "balance MM", "req. MM", "buffer MM", "health"),
        strict=True,
    )
)


def margin_terms(
    equity_wad: int, balances_wad: tuple[int, int], requirements_wad: tuple[int, int], health_wad: int
) -> MarginTerms:
    """The terms from equity, margin balances and requirements (initial, maintenance), and health [all wad]."""
    initial_wad, maintenance_wad = (
        balance - required for balance, required in zip(balances_wad, requirements_wad, strict=True)
    )
    return MarginTerms(
        equity_wad,
        balances_wad[0], requirements_wad[0], initial_wad, max(0, initial_wad),
        balances_wad[1], requirements_wad[1], maintenance_wad,
        health_wad,
    )  # fmt: skip


def account_terms(metrics: Metrics) -> MarginTerms:
    """The terms of an account from its `metrics`; free collateral and health are those that the contract returns."""
    balances = metrics.initial_equity_wad, metrics.maintenance_equity_wad
    requirements = metrics.initial_requirement_wad, metrics.maintenance_requirement_wad
    made = margin_terms(metrics.equity_wad, balances, requirements, metrics.health_wad)
    return made._replace(free_collateral_wad=metrics.free_collateral_wad)


def term(name: str) -> str:
    """A field in words: `initial_margin_balance_wad` is `initial margin balance`."""
    return name.removesuffix("_wad").replace("_", " ")
