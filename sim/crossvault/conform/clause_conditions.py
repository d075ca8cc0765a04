"""Conditions on a step, by which clauses decide whether it is about them or about one of their cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crossvault.conform.clause import Condition, done
from crossvault.conform.step_context import StepContext, is_rising, profit, size_rate
from crossvault.differential.step import Action
from crossvault.mirror import fixed, market, oracle

Sizes = Callable[[int, int], bool]
OPERATED: tuple[Action, ...] = ("trade", "withdraw_cash", "withdraw_collateral", "bid")
_ACTED = ("account", "maker", "taker", "bidder")
BUFFERED: tuple[Action, ...] = ("end_liquidation", "bid", "declare_insolvent")


def perps(m: StepContext) -> bool:
    """An account holds a perp."""
    return market.PERP in m.kinds


def futures(m: StepContext) -> bool:
    """An account holds a future."""
    return market.FUTURE in m.kinds


def options(m: StepContext) -> bool:
    """An account holds an option."""
    return bool(m.kinds & {market.CALL, market.PUT})


def forwarded(m: StepContext) -> bool:
    """A forward is published, or shows in the mark of what an account holds."""
    return done("publish_forward")(m) or futures(m) or options(m)


def surfaced(m: StepContext) -> bool:
    """A surface is published, or shows in the mark of what an account holds."""
    return done("publish_surface")(m) or options(m)


def sided(sign: int) -> Condition:
    """An account holds a perp, long (1) or short (-1)."""
    return lambda m: any(each.size * sign > 0 for each in m.held if market.kind_of(each.instrument) == market.PERP)


def doubted(m: StepContext) -> bool:
    """An account holds what requires more at a doubtful price."""
    return any(each.risk.confidence_threshold and each.risk.confidence_factor for each in m.held)


def doubtful(m: StepContext) -> bool:
    """An account holds what has a doubtful price."""
    return any(each.confidence < each.risk.confidence_threshold and each.risk.confidence_factor for each in m.held)


def weighed(m: StepContext) -> bool:
    """An account holds a perp with a profit that counts in part."""
    held = (each for each in m.held if market.kind_of(each.instrument) == market.PERP)
    return any(each.risk.profit_weight < fixed.WAD and profit(each) > 0 for each in held)


def gaining(m: StepContext) -> bool:
    """An account holds a perp at a profit."""
    return any(profit(each) > 0 for each in m.held if market.kind_of(each.instrument) == market.PERP)


def losing(m: StepContext) -> bool:
    """An account holds a perp at a loss."""
    return any(profit(each) < 0 for each in m.held if market.kind_of(each.instrument) == market.PERP)


def sized(m: StepContext) -> bool:
    """An account holds what requires more with its size."""
    return any(each.risk.base_rate or each.risk.impact_rate for each in m.held)


def large(m: StepContext) -> bool:
    """The size term is the initial rate of a position."""
    return any(size_rate(each) > each.risk.initial_rate for each in m.held)


def large_maintenance(m: StepContext) -> bool:
    """The scaled size term is the maintenance rate of a position."""
    return any(
        fixed.mul_div_up(size_rate(each), each.risk.maintenance_scale, fixed.WAD) > each.risk.maintenance_rate
        for each in m.held
    )


def changed(wanted: Sizes, place: int | None = None) -> Condition:
    """Accepted trades that change the size of a side (0 maker, 1 taker, None either) in a wanted way."""

    def when(m: StepContext) -> bool:
        if m.step.action != "trade" or m.refused:
            return False
        sides = list(m.changes())
        return any(wanted(*each) for each in (sides if place is None else sides[place : place + 1]))

    return when


def rises(before: int, after: int) -> bool:
    """A size that raises risk."""
    return is_rising(before, after)


def reduces(before: int, after: int) -> bool:
    """A size that only falls."""
    return not is_rising(before, after)


def closes(before: int, after: int) -> bool:
    """A size that returns to zero."""
    return bool(before) and not after


def turns(before: int, after: int) -> bool:
    """A size that changes sides."""
    return before * after < 0


def buys(m: StepContext) -> bool:
    """The taker of an accepted trade buys."""
    return done("trade")(m) and m.step.args["size"] > 0


def sells(m: StepContext) -> bool:
    """The taker of an accepted trade sells."""
    return done("trade")(m) and m.step.args["size"] < 0


def paused(*actions: Action) -> Condition:
    """Steps that a paused vault accepts."""
    return lambda m: m.before.paused and done(*actions)(m)


def priced(m: StepContext) -> bool:
    """A perp has a premium."""
    state = m.model.vault.ledger
    return any(state.prices[i].premium for i in range(len(state.risks)))


def clamped(sign: int) -> Condition:
    """The premium of a perp is beyond its band, above (1) or below (-1)."""

    def when(m: StepContext) -> bool:
        state = m.model.vault.ledger
        known = ((state.prices[i], state.risks[i].mark_band) for i in range(len(state.risks)))
        return any(price.premium * sign > fixed.mul_div_floor(price.index, band, fixed.WAD) for price, band in known)

    return when


def printed(at_once: bool) -> Condition:
    """An accepted print at the time of the last one, or later."""

    def when(m: StepContext) -> bool:
        known = done("publish_price")(m) and bool(m.before.published)
        return known and (m.step.args["published_at"] == _last_at(m)) == at_once

    return when


def _last_at(m: StepContext) -> int:
    return m.before.published[list(oracle.Price.zeros).index("published_at")]


def waits(m: StepContext) -> bool:
    """A print that the guard lets wait."""
    return done("publish_price")(m) and bool(m.model.vault.ledger.prices[m.step.args["underlying"]].pending)


def confirms(m: StepContext) -> bool:
    """A print that the guard has confirmed."""
    if not done("publish_price")(m) or not m.before.published:
        return False
    was = m.before.published[list(oracle.Price.zeros).index("pending")]
    return bool(was) and not m.model.vault.ledger.prices[m.step.args["underlying"]].pending


def secured(m: StepContext) -> bool:
    """An account holds collateral."""
    state = m.model.vault.ledger
    return any(state.holders[each].balances[i] for each in m.accounts for i in range(len(state.assets)))


def discounted(m: StepContext) -> bool:
    """An account holds collateral with a haircut."""
    state = m.model.vault.ledger
    for account in m.accounts:
        balances = state.holders[account].balances
        held = (each.terms for number, each in enumerate(state.assets) if balances[number])
        if any(each.haircut_initial or each.haircut_maintenance for each in held):
            return True
    return False


def capped(m: StepContext) -> bool:
    """An account holds more of a collateral than its cap."""
    state = m.model.vault.ledger
    for account in m.accounts:
        for number, asset in enumerate(state.assets):
            index = state.prices[asset.underlying].index
            value = fixed.mul_div_down(state.holders[account].balances[number], index, 10**asset.decimals)
            if value > asset.terms.cap_wad:
                return True
    return False


def followed(m: StepContext) -> bool:
    """A stable price is not the index."""
    state = m.model.vault.ledger
    return any(state.prices[i].stable != state.prices[i].index for i in range(len(state.risks)))


def followed_by_positions(m: StepContext) -> bool:
    """An account holds a linear position whose stable price is not the index."""
    linear = (each for each in m.held if not market.is_option(market.kind_of(each.instrument)))
    return any(each.stable_wad != each.index_wad for each in linear)


def funded(m: StepContext) -> bool:
    """An accepted step that pays the funding of a position."""
    return m.before.funded and done("trade", "bid", "batch")(m)


def funds(m: StepContext) -> bool:
    """An account has funding to pay or to receive."""
    return m.before.funded


def in_portfolio_mode(m: StepContext) -> bool:
    """An account is in portfolio mode."""
    return any(m.model.vault.ledger.holders[each].mode for each in m.accounts)


def solvent(m: StepContext) -> bool:
    """An accepted bid for a solvent account."""
    return done("bid")(m) and not m.before.insolvent


def solvent_priced(m: StepContext) -> bool:
    """A bid for a solvent account that has a price: accepted, or above the bidder's limit."""
    return m.step.action == "bid" and not m.before.insolvent and m.refused in ("", "BidTooDear")


def discounting(m: StepContext) -> bool:
    """A step that shows the discount of a solvent account: a bid that has a price, or value left for bids."""
    return solvent_priced(m) or (m.step.action == "declare_insolvent" and m.refused == "AuctionSolvent")


def discounted_bid(slowly: bool) -> Condition:
    """An accepted bid for a solvent account before the knee of its price, or after it (slowly)."""

    def when(m: StepContext) -> bool:
        elapsed = m.step.at - m.before.sale_started_at
        return solvent(m) and slowly == (elapsed >= m.model.vault.ledger.terms.fast_secs)

    return when


def took_all(wanted: bool) -> Condition:
    """An accepted bid for a solvent account that takes all that was bid for, or less (not wanted)."""

    def when(m: StepContext) -> bool:
        if not solvent(m):
            return False
        *_, fraction_wad, _, deal, _, _ = next(each for each in m.outcome.events if each.name == "Bid").values
        return wanted == bool(deal[0] == fraction_wad)

    return when


def insolvent(m: StepContext) -> bool:
    """An accepted bid for an insolvent account."""
    return done("bid")(m) and m.before.insolvent


def insolvent_priced(m: StepContext) -> bool:
    """A bid for an insolvent account that has a price: accepted, or too dear for the insurance fund."""
    return m.step.action == "bid" and m.before.insolvent and m.refused in ("", "InsuranceExhausted", "BidTooDear")


def buffered(m: StepContext) -> bool:
    """A step that is judged by the margin with buffer."""
    return m.step.action in BUFFERED and m.refused in ("", "StillLiquidatable", "NotLiquidatable", "BidTooDear")


def settling(m: StepContext) -> bool:
    """A print that fixes the settlement of an expiry."""
    return any(each.name == "ExpirySettled" for each in m.outcome.events)


def in_window(m: StepContext) -> bool:
    """A dated position of an account of the step is in the window before its settlement, or has settled."""
    dated = (each for each in m.held if market.kind_of(each.instrument) != market.PERP)
    return any(market.expiry_of(each.instrument) - 1_800 < m.step.at for each in dated)


def interest(m: StepContext) -> bool:
    """A step after which loans pay interest, and some time has passed since it accrued."""
    cash = m.model.vault.ledger.cash
    return bool(cash.interest.min_rate or cash.interest.low_slope or cash.interest.high_slope) and bool(
        cash.total_borrow) and m.before.accrued_at < m.step.at  # fmt: skip


def beyond(side: int) -> Condition:
    """A price that is refused above the band (1) or below it (-1)."""

    def when(m: StepContext) -> bool:
        if m.refusal is None or m.refused != "PriceOutsideBand":
            return False
        price, low, high = m.refusal.args
        return bool(price > high if side > 0 else price < low)

    return when


def operates(m: StepContext) -> bool:
    """A step for an account by another than its owner, accepted or refused for the margin that is left by it."""
    return m.refused in ("", "InsufficientMargin") and any(_is_operated(m, *each) for each in _calls(m))


def operated(action: Action) -> Condition:
    """The same through a door, alone."""
    return lambda m: m.step.action == action and operates(m)


def _calls(m: StepContext) -> Iterator[tuple[str, Mapping[str, Any]]]:
    calls = m.step.args["calls"] if m.step.action == "batch" else (m.step,)
    return ((each.action, each.args) for each in calls)


def _is_operated(m: StepContext, action: str, args: Mapping[str, Any]) -> bool:
    owned = [args[name] for name in _ACTED if name in args and (action, name) != ("bid", "account")]
    return action in OPERATED and bool(owned) and all(each.owner != m.step.sender for each in owned)
