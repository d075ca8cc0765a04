"""V11: events report every change of the state; each that is left out, or reports another value, is red."""

from __future__ import annotations

import pytest

from crossvault.mirror.vault import Vault
from judged_money import red_walk

LAST = {
    "OperatorSet": False, "ModeSet": 7, "CashDeposited": 7, "CashWithdrawn": 7, "CollateralDeposited": 7,
    "PricePublished": (7, 7), "ForwardPublished": 7, "SurfacePublished": ((0,) * 7, 7, (0,) * 7, 0), "Bid": None,
    "RiskScheduled": 7, "UnderlyingListed": None, "ExpiryOpened": 7,
}  # fmt: skip
"""Last values of events that are not so."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, value in LAST.items() if value is not None])
def test_an_event_that_reports_another_value_is_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Vault.emit

    def emit(vault: Vault, event: str, *values: object) -> None:
        own(vault, event, *(*values[:-1], LAST[name]) if event == name else values)

    monkeypatch.setattr(Vault, "emit", emit)
    assert red_walk("V11").number == "V11"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Traded", "Bid", "InterestAccrued", "LiquidationStarted", "GuardEnacted"])
def test_a_change_without_its_event_is_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Vault.emit

    def emit(vault: Vault, event: str, *values: object) -> None:
        if event != name:
            own(vault, event, *values)

    monkeypatch.setattr(Vault, "emit", emit)
    assert red_walk("V11").number == "V11"
