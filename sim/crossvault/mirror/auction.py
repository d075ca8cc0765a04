"""Liquidation auctions: an account that fails its maintenance margin requirement is sold in parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from crossvault.mirror import (
    account as accounts,
    account_errors,
    cash,
    fixed,
    ledger,
    liquidation,
    liquidation_errors,
    margin,
    number_errors,
)
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.appraiser import Appraiser
from crossvault.mirror.evm import non_reentrant, plain
from crossvault.mirror.liquidation import Sale


@dataclass(slots=True)
class BidResult:
    """Result of a bid."""

    taken_wad: int = 0
    cost_wad: int = 0
    insurance_wad: int = 0
    reserved_wad: int = 0
    deficit_wad: int = 0
    ended: bool = False


@dataclass(slots=True)
class AuctionState:
    """State of an account in liquidation."""

    equity_wad: int = 0
    required_wad: int = 0
    margin_wad: int = 0
    buffer_wad: int = 0
    value_wad: int = 0
    discount_wad: int = 0
    clock_at: int = 0
    left: margin.LeftOut = field(default_factory=margin.LeftOut)
    rise_wad: int = 0
    is_late: bool = False


class Auction(Appraiser):
    """Liquidation auctions: an account that fails its maintenance margin requirement is sold in parts."""

    __slots__ = ()

    @non_reentrant
    def start_liquidation(self, account: AccountId, *, sender: str, now: int) -> None:
        """Starts the auction of an account that fails its maintenance margin requirement, or anew of one noted as
        insolvent that has recovered."""
        self.require_running()
        sale = self.ledger.sales[account]
        if sale.insolvent_at == 0:
            ledger.require_idle(self.ledger, account)
        now_ = self.auction_state(account, now=now)
        if sale.insolvent_at != 0:
            self.restart(account, now_, now=now)
        else:
            if now_.margin_wad >= 0:
                raise liquidation_errors.NotLiquidatable(account, now_.margin_wad)
            self.require_grace_over(account, now_.equity_wad, now=now)
            sale.started_at = now
            sale.clock_at = now
            if now_.equity_wad <= 0:
                self.note_insolvent(account, now_.equity_wad, now=now)
        self.emit("LiquidationStarted", sender, account, now_.equity_wad, now_.margin_wad, sale.deficit_wad)

    @non_reentrant
    def declare_insolvent(self, account: AccountId, *, sender: str, now: int) -> None:
        """Declares that the auction of a solvent account has run out of value."""
        self.require_running()
        now_ = self.require_failing(account, now=now)
        sale = self.ledger.sales[account]
        if sale.insolvent_at != 0:
            raise liquidation_errors.AuctionInsolvent(now_.value_wad, now_.discount_wad)
        if now_.value_wad > 0:
            raise liquidation_errors.AuctionSolvent(now_.value_wad, now_.discount_wad)
        self.note_insolvent(account, now_.equity_wad, now=now)
        self.emit("InsolvencyDeclared", sender, account, now_.equity_wad, now_.margin_wad, sale.deficit_wad)

    @non_reentrant
    def bid(
        self, account: AccountId, bidder: AccountId, fraction_wad: int, limit_wad: int, *, sender: str, now: int
    ) -> None:
        """Buys part of an account in liquidation."""
        self.require_running()
        accounts.require_authority(self.ledger.holders[bidder], bidder, sender, accounts.TRADE)
        if account == bidder:
            raise account_errors.SameAccount(account)
        if fraction_wad == 0 or fraction_wad > fixed.WAD:
            raise number_errors.FractionOutOfRange(fraction_wad, fixed.WAD)
        ledger.require_idle(self.ledger, bidder)
        now_ = self.require_failing(account, now=now)
        if self.ledger.sales[account].insolvent_at != 0 and now_.equity_wad > 0:
            self.restart(account, now_, now=now)
            self.emit("LiquidationRestarted", sender, account, now_.equity_wad, now_.margin_wad)
        if now < now_.clock_at + self.ledger.terms.grace_secs:
            self.require_grace_over(account, now_.equity_wad, now=now)
        deal = self.terms(account, bidder, fraction_wad, now_, sender=sender, now=now)
        if deal.cost_wad > limit_wad:
            raise liquidation_errors.BidTooDear(deal.cost_wad, limit_wad)
        self.accrue(sender=sender, now=now)
        self.ledger.sales[account].clock_at = now_.clock_at
        left_out = now_.left.mask if self.ledger.sales[account].insolvent_at == 0 else 0
        reserved_wad = self.ledger.sales[account].reserved_wad
        ledger.move_part(self.ledger, account, bidder, deal.taken_wad, reserved_wad, left_out, now=now)
        self.pay(account, bidder, deal.cost_wad, now=now)
        if now_.is_late:
            self.require_bidder(bidder, now=now)
        else:
            self.require_initial(bidder, now=now)
        self.close(account, deal, now_.is_late, now=now)
        images = self.image(account), self.image(bidder)
        self.emit("Bid", sender, account, bidder, fraction_wad, limit_wad, plain(deal), *images)

    @non_reentrant
    def end_liquidation(self, account: AccountId, *, sender: str, now: int) -> None:
        """Ends the auction of an account whose buffer margin is restored, or that passes initial margin."""
        self.require_on_sale(account)
        now_ = self.auction_state(account, now=now)
        if now_.buffer_wad < 0:
            raise liquidation_errors.StillLiquidatable(account, now_.buffer_wad)
        self.end_sale(account)
        self.emit("LiquidationEnded", sender, account, now_.margin_wad)

    def terms(
        self, account: AccountId, bidder: AccountId, fraction_wad: int, state: AuctionState, *, sender: str, now: int
    ) -> BidResult:
        """Part and cost of a bid."""
        sale = self.ledger.sales[account]
        if state.discount_wad < fixed.WAD:
            self.require_stranger(account, bidder, sender=sender)
        deal = BidResult()
        if sale.insolvent_at != 0:
            elapsed_secs = now - state.clock_at
            ramp_secs = self.ledger.terms.insolvent_secs
            most_wad = state.equity_wad + state.rise_wad
            margin_wad = liquidation.paid_margin(most_wad, state.margin_wad, state.required_wad)
            whole = liquidation.payout(most_wad, margin_wad, elapsed_secs, ramp_secs)
            if state.is_late and most_wad > 0 and whole > 0:
                whole = 0
            deal.taken_wad = fraction_wad
            excess_wad = ledger.excess(self.ledger, account, fraction_wad, 0)
            deal.cost_wad = excess_wad - fixed.mul_div_floor(whole, fraction_wad, fixed.WAD)
            deal.ended = fraction_wad == fixed.WAD
            return deal
        if state.value_wad <= 0:
            raise liquidation_errors.AuctionInsolvent(state.value_wad, state.discount_wad)
        sold_wad = state.equity_wad - state.left.value_wad
        if sold_wad < sale.reserved_wad:
            sold_wad = sale.reserved_wad
        most = liquidation.max_fraction(
            state.buffer_wad, sold_wad, sale.reserved_wad, state.discount_wad, state.left.credit_wad
        )
        deal.taken_wad = fixed.min(fraction_wad, most)
        price_wad = liquidation.price(sold_wad - sale.reserved_wad, state.discount_wad)
        deal.cost_wad = fixed.mul_div_up(price_wad, deal.taken_wad, fixed.WAD)
        deal.cost_wad += ledger.excess(self.ledger, account, deal.taken_wad, state.left.mask)
        deal.ended = deal.taken_wad == most
        return deal

    def pay(self, account: AccountId, bidder: AccountId, cost_wad: int, *, now: int) -> None:
        """Moves the price of a bid."""
        ledger.add_cash(self.ledger, bidder, -cost_wad, now=now)
        if cost_wad < 0:
            return cash.draw_insurance(self.ledger.cash, -cost_wad)
        ledger.add_cash(self.ledger, account, cost_wad, now=now)
        sale = self.ledger.sales[account]
        if sale.insolvent_at == 0:
            sale.reserved_wad += cost_wad

    def close(self, account: AccountId, deal: BidResult, is_late: bool, *, now: int) -> None:
        """Records the result of a bid, and ends the auction when it is done."""
        sale = self.ledger.sales[account]
        if is_late or self.ledger.holders[account].mode == accounts.PORTFOLIO:
            if sale.insolvent_at != 0:
                self.note_deficit(sale, self.equity(account, now=now))
        else:
            now_ = self.auction_state(account, now=now)
            if sale.insolvent_at != 0:
                self.note_deficit(sale, now_.equity_wad)
            if not deal.ended:
                deal.ended = now_.buffer_wad >= 0
        if deal.ended:
            self.end_sale(account)
        deal.insurance_wad = self.ledger.cash.insurance_wad
        deal.reserved_wad = sale.reserved_wad
        deal.deficit_wad = sale.deficit_wad

    def note_insolvent(self, account: AccountId, equity_wad: int, *, now: int) -> None:
        """Turns the auction of an account into an insolvent one, which pays the bidder."""
        sale = self.ledger.sales[account]
        sale.insolvent_at = now
        sale.clock_at = now
        sale.reserved_wad = 0
        self.note_deficit(sale, equity_wad)

    def restart(self, account: AccountId, state: AuctionState, *, now: int) -> None:
        """Turns the auction of an insolvent account that is worth something again into that of a solvent one, whose
        clock starts anew."""
        if state.equity_wad <= 0:
            raise liquidation_errors.UnderLiquidation(account)
        sale = self.ledger.sales[account]
        sale.started_at = now
        sale.clock_at = now
        sale.insolvent_at = 0
        self.note_deficit(sale, 0)
        state.clock_at = now
        state.discount_wad = liquidation.discount(self.ledger.terms, 0)

    def note_deficit(self, sale: Sale, equity_wad: int) -> None:
        """Records the deficit of an account."""
        deficit_wad = -equity_wad if equity_wad < 0 else 0
        self.ledger.cash.deficit_wad = self.ledger.cash.deficit_wad - sale.deficit_wad + deficit_wad
        sale.deficit_wad = deficit_wad

    def end_sale(self, account: AccountId) -> None:
        """Deletes the auction of an account, but for the time from which its clock counted."""
        sale = self.ledger.sales[account]
        self.note_deficit(sale, 0)
        sale.started_at = sale.insolvent_at = sale.reserved_wad = 0

    def auction_state(self, account: AccountId, *, now: int) -> AuctionState:
        """Liquidation state of an account, in an auction or out of one."""
        sale = self.ledger.sales[account]
        now_ = AuctionState()
        held = self.maintenance(account, now=now)
        now_.equity_wad, now_.required_wad, now_.margin_wad = held.equity_wad, held.required_wad, held.margin_wad
        now_.left = held.left
        credit_wad = held.left.credit_wad
        now_.rise_wad, now_.is_late = held.rise_wad, held.stale_since != 0
        kept_wad = now_.equity_wad + held.rise_wad - held.left.value_wad
        buffer_wad = self.ledger.terms.buffer_wad
        now_.buffer_wad = credit_wad + liquidation.buffer_margin(now_.margin_wad - credit_wad, kept_wad, buffer_wad)
        if held.initial_wad >= 0 and held.initial_wad > now_.buffer_wad:
            now_.buffer_wad = held.initial_wad
        now_.value_wad = now_.equity_wad - sale.reserved_wad
        if sale.started_at == 0:
            return now_
        now_.clock_at = now if sale.clock_at < held.stale_since else self.clock_from(account, now=now)
        if sale.insolvent_at == 0:
            now_.discount_wad = liquidation.discount(self.ledger.terms, now - now_.clock_at)
        return now_

    def require_failing(self, account: AccountId, *, now: int) -> AuctionState:
        """Liquidation state of an account that is in liquidation and still fails its buffer margin and initial
        margin."""
        self.require_on_sale(account)
        now_ = self.auction_state(account, now=now)
        if now_.buffer_wad >= 0:
            raise liquidation_errors.NotLiquidatable(account, now_.buffer_wad)
        return now_

    def require_grace_over(self, account: AccountId, equity_wad: int, *, now: int) -> None:
        """Requires the end of the grace time after an outage, in which the owner of a solvent account may add
        collateral."""
        grace_secs = self.ledger.terms.grace_secs
        if grace_secs == 0 or equity_wad <= 0:
            return
        until_at = self.outage_end(account, now=now) + grace_secs
        if now < until_at:
            raise liquidation_errors.OutageGrace(account, until_at)

    def require_on_sale(self, account: AccountId) -> None:
        """Requires an account in liquidation."""
        if self.ledger.sales[account].started_at == 0:
            raise liquidation_errors.NotUnderLiquidation(account)

    def require_stranger(self, account: AccountId, bidder: AccountId, *, sender: str) -> None:
        """Requires a bidder that belongs neither to the owner of the account nor to an operator that has acted for
        it."""
        holder = self.ledger.holders[account]
        if accounts.is_own(holder, account, accounts.owner_of(bidder)):
            raise liquidation_errors.OwnBid(account, bidder)
        if accounts.is_own(holder, account, sender):
            raise liquidation_errors.OwnBid(account, bidder)

    def image(self, account: AccountId) -> Image:
        """State of an account as plain values."""
        return accounts.image(self.ledger.holders[account], len(self.ledger.assets))
