"""Converts the steps of a scenario file to steps of the vault: sender, door and integer arguments."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.doors import Verb
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Step
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts, caps
from crossvault.mirror.exchange import Match
from crossvault.mirror.fixed import CAP
from crossvault.scenario import curves, parameter_fields, quantity, roster, rules, steps
from crossvault.scenario.roster import FieldError, NameTable


class ActionContext(NamedTuple):
    """The names of a story, a time [unix seconds], and the model at that time, if there is one."""

    names: NameTable
    at: int
    model: Model | None

    def price_wad(self, price_wad: int | None, instrument: int) -> int:
        """A written price, or else the mark price of the instrument [wad]."""
        if price_wad is not None:
            return price_wad
        return 0 if self.model is None else mark(self.model, instrument, self.at)

    def ref_forward(self, forward_wad: int | None, underlying: int, expiry: int) -> int:
        """A written forward price, or else the published one of the expiry [wad]; 1 while it is unknown."""
        if forward_wad is not None:
            return forward_wad
        return 1 if self.model is None else curves.curve(self.model, underlying, expiry).forward


def step_of(names: NameTable, written: steps.StepFields, at: int, model: Model | None) -> Step:
    """Returns the vault step of a written step. Raises FieldError.

    Without a model, values that depend on the state (marks, forwards) stay at a placeholder.
    """
    step = _step(written, ActionContext(names, at, model))
    return replace(step, sender=names.role("by", written.by)) if written.by else step


def deposit(names: NameTable, at: int, account: str, token: str, amount_raw: int) -> Step:
    """A deposit: of cash for the quote token, of collateral otherwise."""
    target = names.account("account", account)
    if token == names.quote:
        return doors.deposit_cash(at, target.owner, account=target, amount_raw=amount_raw)
    number = names.collateral("amount", token)
    return doors.deposit_collateral(at, target.owner, account=target, collateral=number, amount_raw=amount_raw)


@singledispatch
def _step(written: steps.StepFields, now: ActionContext) -> Step:
    """The vault step of a written one, as the class of its `do` has it."""
    raise TypeError(f"no step of the vault is written as {type(written).__name__}")


def _verb(do: str) -> Verb:
    return "schedule" if do.startswith("schedule") else "enact"


@_step.register
def _mint(written: steps.Mint, now: ActionContext) -> Step:
    sender = written.by or now.names.roles.owner
    to, amount_raw = now.names.role("to", written.to), now.names.raw("amount", written.amount)
    return doors.mint(now.at, sender, token=written.amount.unit, to=to, amount_raw=amount_raw)


@_step.register
def _transfer(written: steps.Transfer, now: ActionContext) -> Step:
    to, amount_raw = now.names.role("to", written.to), now.names.raw("amount", written.amount)
    return doors.transfer(now.at, written.by, token=written.amount.unit, to=to, amount_raw=amount_raw)


@_step.register
def _deposit(written: steps.Deposit, now: ActionContext) -> Step:
    amount_raw = now.names.raw("amount", written.amount)
    return deposit(now.names, now.at, written.account, written.amount.unit, amount_raw)


@_step.register
def _withdraw(written: steps.Withdraw, now: ActionContext) -> Step:
    amount_raw = now.names.raw("amount", written.amount)
    account, token = now.names.account("account", written.account), written.amount.unit
    number = None if token == now.names.quote else now.names.collateral("amount", token)
    owner = account.owner
    to = now.names.role("to", written.to or written.by or owner)
    if number is None:
        return doors.withdraw_cash(now.at, owner, account=account, amount_raw=amount_raw, to=to)
    return doors.withdraw_collateral(now.at, owner, account=account, collateral=number, amount_raw=amount_raw, to=to)


@_step.register
def _trade(written: steps.Trade, now: ActionContext) -> Step:
    maker, taker = now.names.account("maker", written.maker), now.names.account("taker", written.taker)
    instrument = now.names.instrument("instrument", written.instrument)
    return doors.trade(
        now.at, now.names.roles.broker, maker=maker, taker=taker, instrument=instrument,
        size=now.names.size("size", written.size, written.instrument),
        price_wad=now.price_wad(written.price, instrument),
    )  # fmt: skip


@_step.register
def _publish(written: steps.Publish, now: ActionContext) -> Step:
    return doors.publish_price(
        now.at, now.names.roles.feeder, underlying=_underlying(now, written.underlying), index_wad=written.price,
        premium_wad=written.premium, confidence_wad=written.confidence,
        published_at=_published_at(now, written.published),
    )  # fmt: skip


def _published_at(now: ActionContext, moment: quantity.StoryTime | None) -> int:
    return now.at if moment is None else moment.at(now.names.script.starts)


def _underlying(now: ActionContext, name: str) -> int:
    return now.names.underlying("underlying", name)


@_step.register
def _forward(written: steps.PublishForward, now: ActionContext) -> Step:
    return doors.publish_forward(
        now.at, now.names.roles.feeder, underlying=_underlying(now, written.underlying), expiry=written.expiry,
        forward_wad=written.forward, rate_wad=written.rate, confidence_wad=written.confidence,
        published_at=_published_at(now, written.published),
    )  # fmt: skip


@_step.register
def _surface(written: steps.PublishSurface, now: ActionContext) -> Step:
    underlying, expiry = _underlying(now, written.underlying), written.expiry
    forward_wad = now.ref_forward(written.forward, underlying, expiry)
    if forward_wad > CAP:
        raise FieldError("forward", parameter_fields.out_of_range(forward_wad, 1, CAP, parameter_fields.PRICE))
    return doors.publish_surface(
        now.at, now.names.roles.feeder, underlying=underlying, expiry=expiry,
        svi=curves.fitted(written.surface, max(1, expiry - now.at), forward_wad),
        confidence_wad=written.confidence, published_at=_published_at(now, written.published),
    )  # fmt: skip


@_step.register
def _expiry(written: steps.OpenExpiry, now: ActionContext) -> Step:
    underlying = _underlying(now, written.underlying)
    return doors.open_expiry(now.at, now.names.roles.owner, underlying=underlying, expiry=written.expiry)


@_step.register
def _settle(written: steps.Settle, now: ActionContext) -> Step:
    listed = list(now.names.accounts) if written.accounts == "all" else written.accounts
    accounts = tuple(now.names.account("accounts", name) for name in listed)
    underlying, broker = _underlying(now, written.underlying), now.names.roles.broker
    return doors.settle(now.at, broker, underlying=underlying, expiry=written.expiry, accounts=accounts)


@_step.register
def _batch(written: steps.Batch, now: ActionContext) -> Step:
    made, broker = [_step(call, now) for call in written.calls], now.names.roles.broker
    senders = {step.sender for step in made}
    sender = next((step.sender for step in made if step.sender != broker), broker)
    if len(senders - {broker}) > 1 and written.by is None:
        raise FieldError("calls", f"{' and '.join(sorted(senders))} are senders of one batch: expected 'by'")
    return doors.batch(now.at, sender, calls=tuple(doors.call_of(step) for step in made))


@_step.register
def _fill(written: steps.Fill, now: ActionContext) -> Step:
    names, matches = now.names, []
    for pair in written.matches:
        (maker, maker_signature), (taker, taker_signature) = (
            names.order("matches", name) for name in (pair.maker, pair.taker)
        )
        size_wad = names.size("matches", pair.size, names.orders[pair.taker].instrument)
        matches.append(Match(maker, maker_signature, taker, taker_signature, size_wad))
    return doors.fill(now.at, names.roles.broker, matches=tuple(matches))


@_step.register
def _cancel(written: steps.CancelOrder, now: ActionContext) -> Step:
    order, _ = now.names.order("order", written.order)
    return doors.cancel(now.at, order.account.owner, order=order)


@_step.register
def _cancel_below(written: steps.CancelBelow, now: ActionContext) -> Step:
    account = now.names.account("account", written.account)
    return doors.cancel_below(now.at, account.owner, account=account, salt=written.salt)


@_step.register
def _next_epoch(written: steps.NextEpoch, now: ActionContext) -> Step:
    account = now.names.account("account", written.account)
    return doors.next_epoch(now.at, account.owner, account=account)


_AUCTION_DOORS = {
    "start liquidation": doors.start_liquidation,
    "declare insolvent": doors.declare_insolvent,
    "end liquidation": doors.end_liquidation,
}


@_step.register
def _sell(written: steps.Sell, now: ActionContext) -> Step:
    account = now.names.account("account", written.account)
    return _AUCTION_DOORS[written.do](now.at, now.names.roles.broker, account=account)


@_step.register
def _bid(written: steps.Bid, now: ActionContext) -> Step:
    bidder = now.names.account("bidder", written.bidder)
    limit_wad = CAP if written.limit is None else now.names.value("limit", written.limit)
    account, fraction_wad = now.names.account("account", written.account), written.fraction
    return doors.bid(
        now.at, bidder.owner, account=account, bidder=bidder, fraction_wad=fraction_wad, limit_wad=limit_wad
    )


@_step.register
def _fund(written: steps.Fund, now: ActionContext) -> Step:
    if written.amount.unit != now.names.quote:
        raise FieldError("amount", f"'{written.amount}': the insurance fund holds {now.names.quote}")
    return doors.fund_insurance(now.at, written.by, amount_raw=now.names.raw("amount", written.amount))


_SCOPES = {"trade": accounts.TRADE, "deposit": accounts.DEPOSIT, "withdraw": accounts.WITHDRAW}


@_step.register
def _operator(written: steps.Operator, now: ActionContext) -> Step:
    account, allowed = now.names.account("account", written.account), written.do.startswith("allow")
    operator = EXCHANGE if written.operator == EXCHANGE else now.names.role("operator", written.operator)
    if written.scopes is None:
        return doors.set_operator(now.at, account.owner, account=account, operator=operator, allowed=allowed)
    scopes = sum(_SCOPES[each] for each in set(written.scopes))
    return doors.set_scopes(now.at, account.owner, account=account, operator=operator, scopes=scopes)


@_step.register
def _mode(written: steps.SetMode, now: ActionContext) -> Step:
    account = now.names.account("account", written.account)
    mode = accounts.PORTFOLIO if written.mode == "portfolio" else accounts.STANDARD
    return doors.set_mode(now.at, account.owner, account=account, mode=mode)


_WITHOUT_ARGUMENTS = {
    "pause": doors.pause,
    "unpause": doors.unpause,
    "accept ownership": doors.accept_ownership,
    "seal": doors.seal,
    "cancel changes": doors.cancel_changes,
}


@_step.register
def _govern(written: steps.Govern, now: ActionContext) -> Step:
    return _WITHOUT_ARGUMENTS[written.do](now.at, now.names.roles.owner)


_APPOINTMENTS = {
    "offer ownership": doors.offer_ownership,
    "schedule guardian": doors.schedule_guardian,
    "set guardian": doors.set_guardian,
}


@_step.register
def _appoint(written: steps.Appoint, now: ActionContext) -> Step:
    role, owner = now.names.role("to", written.to), now.names.roles.owner
    if written.do == "schedule feeder":
        return doors.schedule_feeder(now.at, owner, feeder=role)
    if written.do.endswith("feeder"):
        return doors.set_feeder(now.at, owner, feeder=role, allowed=written.do.startswith("allow"))
    return _APPOINTMENTS[written.do](now.at, owner, to=role)


@_step.register
def _risk(written: steps.RiskChange, now: ActionContext) -> Step:
    underlying, risk = _underlying(now, written.underlying), roster.risk(written.risk, written.underlying)
    return doors.RISK.by(_verb(written.do))(now.at, now.names.roles.owner, underlying=underlying, risk=risk)


@_step.register
def _haircut(written: steps.HaircutChange, now: ActionContext) -> Step:
    collateral, terms = now.names.collateral("collateral", written.collateral), roster.terms(written.terms)
    return doors.HAIRCUT.by(_verb(written.do))(now.at, now.names.roles.owner, collateral=collateral, terms=terms)


@_step.register
def _auction(written: steps.AuctionChange, now: ActionContext) -> Step:
    return doors.AUCTION.by(_verb(written.do))(now.at, now.names.roles.owner, terms=roster.auction(written.terms))


@_step.register
def _depeg(written: steps.DepegChange, now: ActionContext) -> Step:
    return doors.DEPEG.by(_verb(written.do))(now.at, now.names.roles.owner, terms=now.names.depeg(written.terms))


@_step.register
def _options(written: steps.OptionsChange, now: ActionContext) -> Step:
    underlying, risk = _underlying(now, written.underlying), roster.options(written.options)
    return doors.OPTIONS.by(_verb(written.do))(now.at, now.names.roles.owner, underlying=underlying, risk=risk)


@_step.register
def _guard(written: steps.GuardChange, now: ActionContext) -> Step:
    underlying, guard = _underlying(now, written.underlying), roster.guard(written.guard)
    return doors.GUARD.by(_verb(written.do))(now.at, now.names.roles.owner, underlying=underlying, guard=guard)


@_step.register
def _interest(written: steps.InterestChange, now: ActionContext) -> Step:
    interest = roster.interest(written.interest)
    return doors.INTEREST.by(_verb(written.do))(now.at, now.names.roles.owner, interest=interest)


@_step.register
def _portfolio_margin(written: steps.PortfolioMarginChange, now: ActionContext) -> Step:
    underlying, risk = _underlying(now, written.underlying), rules.portfolio_risk(written.portfolio)
    return doors.PORTFOLIO.by(_verb(written.do))(now.at, now.names.roles.owner, underlying=underlying, risk=risk)


@_step.register
def _cap(written: steps.CapChange, now: ActionContext) -> Step:
    what, number = caps.BORROWING, 0
    if written.collateral is not None:
        what, number = caps.COLLATERAL, now.names.collateral("collateral", written.collateral)
    elif written.underlying is not None:
        what, number = caps.INTEREST, now.names.underlying("underlying", written.underlying)
    amount = roster.cap(now.names.script.world, "amount", what, number, written.amount)
    return doors.CAP.by(_verb(written.do))(
        now.at, now.names.roles.owner, what=what, number=number, amount=amount
    )  # fmt: skip


@_step.register
def _rules(written: steps.RulesChange, now: ActionContext) -> Step:
    rules.require_known(written.rules, now.names.underlyings)
    changed = rules.rules(written.rules, now.names.underlyings)
    return doors.RULES.by(_verb(written.do))(now.at, now.names.roles.owner, rules=changed)
