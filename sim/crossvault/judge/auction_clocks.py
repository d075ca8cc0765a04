"""The clocks of auctions, kept from steps: for how many seconds a bid was possible."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from crossvault.differential.step import Outcome, Step
from crossvault.judge.books import Books
from crossvault.judge.usable_prices import priced_secs

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


def is_restarted(outcome: Outcome) -> bool:
    """Whether a bid has turned the auction of an insolvent account into that of a solvent one."""
    return any(event.name == "LiquidationRestarted" for event in outcome.events)


class AuctionClock(NamedTuple):
    """An auction: when it began, the time that is counted so far, and its seconds in which a bid was possible.

    paused: whether the vault was paused in it.
    """

    started_at: int
    until: int
    biddable_secs: int = 0
    paused: bool = False


class AuctionClocks(NamedTuple):
    """The clocks of all auctions after some steps; a step makes another value."""

    clocks: Mapping[AccountId, AuctionClock] = MappingProxyType({})

    def until(self, books: Books, paused: bool, at: int) -> AuctionClocks:
        """The clocks at a time, the books and the pause being as they are since the last step.

        A second counts where the vault is not paused and the prices of all that the account holds are fresh.
        """
        if not self.clocks:
            return self
        return AuctionClocks(
            {
                account: AuctionClock(
                    clock.started_at,
                    at,
                    clock.biddable_secs + (0 if paused else priced_secs(books, account, clock.until, at)),
                    clock.paused or paused,
                )
                for account, clock in self.clocks.items()
            }
        )

    def after(self, step: Step, outcome: Outcome, after: Books) -> AuctionClocks:
        """The clocks after a step: an accepted start or restart begins one, the end of an auction ends it."""
        if outcome.refusal is not None:
            return self
        if step.action == "start_liquidation":
            return AuctionClocks({**self.clocks, step.args["account"]: AuctionClock(step.at, step.at)})
        if is_restarted(outcome) and after.account(step.args["account"]).sale.started_at:
            return AuctionClocks({**self.clocks, step.args["account"]: AuctionClock(step.at, step.at)})
        if step.action in ("bid", "end_liquidation") and not after.account(step.args["account"]).sale.started_at:
            return AuctionClocks({each: clock for each, clock in self.clocks.items() if each != step.args["account"]})
        return self

    def biddable_secs(self, account: AccountId, started_at: int, at: int) -> int:
        """Seconds of an auction in which a bid was possible; of one that no step has begun, all."""
        clock = self.clocks.get(account)
        return clock.biddable_secs if clock else at - started_at
