"""One accepted act of a play, with what the coalition was worth before and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.attack.market_draw import MarketDraw
from crossvault.attack.market_worth import AccountWorth, TruePrices
from crossvault.differential.model import Model
from crossvault.differential.step import Event, Step
from crossvault.mirror.account import AccountId


class SoldAccount(NamedTuple):
    """The account of a bid before it: the times of its auction, its worth, and the seconds in which no bid could be.

    value_wad: equity without reserved cash; requirement_wad: its maintenance margin requirement.
    """

    started_at: int
    insolvent_at: int
    worth: AccountWorth
    lost_secs: int


class PlayedAct(NamedTuple):
    """An accepted act of the coalition, or of another that names one of its accounts.

    before and after: of the accounts of the coalition that it names. wallets_wad: change of what it holds outside.
    rise_wad: of the initial requirements of its accounts, in a pause. sold: of a bid. failing: the accounts that failed
    maintenance before. is_misled: a misprint came, which no guard held back.
    """

    model: Model
    draw: MarketDraw
    step: Step
    events: Sequence[Event]
    true_wad: TruePrices
    is_own: bool
    before: Mapping[AccountId, AccountWorth]
    after: Mapping[AccountId, AccountWorth]
    wallets_wad: int
    rise_wad: int = 0
    sold: SoldAccount | None = None
    failing: Sequence[AccountId] = ()
    is_misled: bool = False

    def event(self, name: str) -> Event | None:
        """The first event of a name."""
        return next((event for event in self.events if event.name == name), None)

    @property
    def is_waiting(self) -> bool:
        """Whether a print waits for its confirmation."""
        return bool(self.model.vault.ledger.prices[0].pending)

    @property
    def calls(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Its calls: those of a batch, or itself."""
        if self.step.action != "batch":
            return [(self.step.action, self.step.args)]
        return [(call.action, call.args) for call in self.step.args["calls"]]


class AlarmKey(NamedTuple):
    """What distinguishes readings: the alarm, the circumstance in words, and the stated weakness that it is."""

    alarm: str
    circumstance: str
    weakness: str = ""


class AlarmReading(NamedTuple):
    """What an alarm reads of an act or a moment: the circumstance in words, and the money that it moved [wad].

    weakness: the stated one that it is (`docs/attack.md`); empty for what the vault promises to withstand.
    """

    alarm: str
    circumstance: str
    money_wad: int
    weakness: str = ""

    @property
    def key(self) -> AlarmKey:
        """What distinguishes it."""
        return AlarmKey(self.alarm, self.circumstance, self.weakness)
