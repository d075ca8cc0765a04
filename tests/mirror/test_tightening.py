"""Laws of changes that only tighten: they take effect at once, and no others do."""

from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.governance_doors import Announcement
from crossvault.mirror import market
from crossvault.mirror.authority_errors import (
    NotOwner,
    NotScheduled,
    VaultPaused,
)
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from governed import AT, CHANGES, DAY, DELAY, HAIRCUT, OWNER, RISK, STRANGER, Governed

# of each struct, the fields that are tighter when they rise, and when they fall: those alone wait for nothing
TIGHTER_UP = {
    "Risk": {"initial_rate"}, "Haircut": {"haircut_initial"},
    "Options": {"max_spot_rate", "min_spot_rate", "put_initial_scale", "unpaired_initial"},
}  # fmt: skip
TIGHTER_DOWN = {"Risk": {"trade_band", "profit_weight"}, "Haircut": set(), "Options": {"trade_band"}}
MIDDLE: dict[str, Any] = {  # where each field may move to both sides
    "Risk": market.MarketRisk(DAY, 2, 2, 6, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2, 2), "Haircut": HAIRCUT,
    "Options": market.OptionRisk(DAY, 4, 9, 7, 4, 4, 4, 2 * WAD, 3 * WAD, 2 * WAD),
}  # fmt: skip


def _tightened(name: str, value: Any) -> Announcement:
    """A change of the first underlying, or collateral, to some parameters."""
    if name == "Haircut":
        return doors.HAIRCUT.of(collateral=0, terms=value)
    return doors.RISK.of(underlying=0, risk=value) if name == "Risk" else doors.OPTIONS.of(underlying=0, risk=value)


@pytest.mark.parametrize("name", MIDDLE)
def test_what_only_tightens_waits_for_nothing(name: str) -> None:
    vault, middle, field = Governed(), MIDDLE[name], CHANGES[name][2]
    vault.accept(_tightened(name, middle).schedule(AT + 10, OWNER))
    if field(vault.model.vault.ledger) != middle:
        vault.accept(_tightened(name, middle).enact(AT + 10 + DELAY, OWNER))
    vault.accept(doors.pause(AT + 20 + DELAY, OWNER))  # a danger does not wait for the end of a pause
    vault.at = AT + 30 + DELAY
    found: set[tuple[str, int]] = set()
    for part in middle._fields:
        for side in (-1, 1):
            now = field(vault.model.vault.ledger)
            moved = _tightened(name, now._replace(**{part: getattr(now, part) + side}))
            assert vault.refuse(moved.enact(vault.next(), STRANGER)) == NotOwner(STRANGER)
            if vault.model.apply(moved.enact(vault.next(), OWNER)).refusal is None:
                found.add((part, side))
    assert found == {(each, 1) for each in TIGHTER_UP[name]} | {(each, -1) for each in TIGHTER_DOWN[name]}
    assert vault.refuse(_tightened(name, field(vault.model.vault.ledger)).enact(vault.next(), OWNER)) == VaultPaused()


def test_a_change_that_tightens_and_loosens_waits() -> None:
    vault = Governed()
    mixed = RISK._replace(initial_rate=RISK.initial_rate + 1, maintenance_rate=RISK.maintenance_rate - 1)
    assert vault.refuse(doors.RISK.of(underlying=0, risk=mixed).enact(vault.next(), OWNER)) == NotScheduled()
    tighter = RISK._replace(initial_rate=RISK.initial_rate + 1)
    assert vault.refuse(doors.RISK.of(underlying=9, risk=tighter).enact(vault.next(), OWNER)) == NotScheduled()
    beyond = doors.RISK.of(underlying=0, risk=RISK._replace(initial_rate=10 * WAD + 1)).enact(vault.next(), OWNER)
    assert isinstance(vault.refuse(beyond), ParameterOutOfRange)


def test_a_tightening_takes_its_announcement_back() -> None:
    vault, tighter = Governed(), doors.RISK.of(underlying=0, risk=RISK._replace(initial_rate=WAD))
    vault.accept(tighter.schedule(vault.next(), OWNER))
    vault.accept(tighter.enact(vault.next(), OWNER))
    vault.accept(doors.RISK.of(underlying=0, risk=RISK).schedule(vault.next(), OWNER))
    vault.at += DELAY
    vault.accept(doors.RISK.of(underlying=0, risk=RISK).enact(vault.at, OWNER))
    assert vault.accept(tighter.enact(vault.at, OWNER))  # at once again, not as it was announced
