"""Converts the steps of a scenario file to steps of the vault: sender, door and integer arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Step
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import Match
from crossvault.mirror.fixed import CAP
from crossvault.scenario import curves, quantity, roster, rules, steps
from crossvault.scenario.roster import FieldError, NameTable

WrittenStep = Any
StepParts = tuple[str, str, dict[str, Any]]


def step_of(names: NameTable, written: steps.StepFields, at: int, model: Model | None) -> Step:
    """Returns the vault step of a written step. Raises FieldError.

    Without a model, values that depend on the state (marks, forwards) stay at a placeholder.
    """
    action, sender, args = _BUILDERS[type(written)](names, written, at)
    if isinstance(written, steps.Batch):
        args = {"calls": tuple(call._replace(args=_priced(call.args, at, model)) for call in args["calls"])}
    if isinstance(written, steps.PublishSurface) and model is not None and written.forward is None:
        forward_wad = curves.curve(model, args["underlying"], args["expiry"]).forward
        args["svi"] = args["svi"]._replace(ref_forward=forward_wad)
    return doors.named(at, names.role("by", written.by) if written.by else sender, action, _priced(args, at, model))


def _priced(args: Mapping[str, Any], at: int, model: Model | None) -> dict[str, Any]:
    """Arguments with the mark of the instrument in place of a missing price."""
    if args.get("price_wad", 0) is not None:
        return dict(args)
    return {**args, "price_wad": 0 if model is None else mark(model, args["instrument"], at)}


def deposit_parts(names: NameTable, account: str, token: str, amount_raw: int) -> StepParts:
    """Door, sender and arguments of a deposit: of cash for the quote token, of collateral otherwise."""
    target = names.account("account", account)
    if token == names.quote:
        return "deposit_cash", target.owner, {"account": target, "amount_raw": amount_raw}
    number = names.collateral("amount", token)
    return "deposit_collateral", target.owner, {"account": target, "collateral": number, "amount_raw": amount_raw}


def _mint(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    args = {
        "token": written.amount.unit,
        "to": names.role("to", written.to),
        "amount_raw": names.raw("amount", written.amount),
    }
    return written.do, written.by or names.roles.owner, args


def _deposit(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return deposit_parts(names, written.account, written.amount.unit, names.raw("amount", written.amount))


def _withdraw(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    action, sender, args = _deposit(names, written, at)
    return (
        action.replace("deposit", "withdraw"),
        sender,
        {**args, "to": names.role("to", written.to or written.by or sender)},
    )


def _trade(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return written.do, names.roles.broker, {
        "maker": names.account("maker", written.maker),
        "taker": names.account("taker", written.taker),
        "instrument": names.instrument("instrument", written.instrument),
        "size": names.size("size", written.size, written.instrument),
        "price_wad": written.price,
    }  # fmt: skip


def _publish(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return "publish_price", names.roles.feeder, {
        "underlying": names.underlying("underlying", written.underlying),
        "index_wad": written.price,
        "premium_wad": written.premium,
        "confidence_wad": written.confidence,
        "published_at": _published(names, written, at),
    }  # fmt: skip


def _published(names: NameTable, written: WrittenStep, at: int) -> int:
    moment: quantity.Moment | None = written.published
    return at if moment is None else moment.at(names.script.starts)


def _term(names: NameTable, written: WrittenStep) -> dict[str, Any]:
    return {"underlying": names.underlying("underlying", written.underlying), "expiry": written.expiry}


def _forward(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    given = {"forward_wad": written.forward, "rate_wad": written.rate, "confidence_wad": written.confidence}
    args = {**_term(names, written), **given, "published_at": _published(names, written, at)}
    return "publish_forward", names.roles.feeder, args


def _surface(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    svi = curves.fitted(written.surface, max(1, written.expiry - at), written.forward or 1)
    args = {**_term(names, written), "svi": svi, "confidence_wad": written.confidence}
    return "publish_surface", names.roles.feeder, {**args, "published_at": _published(names, written, at)}


def _expiry(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return "open_expiry", names.roles.owner, _term(names, written)


def _settle(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    listed = list(names.accounts) if written.accounts == "all" else written.accounts
    accounts = tuple(names.account("accounts", name) for name in listed)
    return written.do, names.roles.broker, {**_term(names, written), "accounts": accounts}


def _batch(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    made = [_BUILDERS[type(call)](names, call, at) for call in written.calls]
    senders = {sender for _, sender, _ in made}
    sender = next((each for _, each, _ in made if each != names.roles.broker), names.roles.broker)
    if len(senders - {names.roles.broker}) > 1 and written.by is None:
        raise FieldError("calls", f"{' and '.join(sorted(senders))} are senders of one batch: expected 'by'")
    return written.do, sender, {"calls": tuple(Call(action, args) for action, _, args in made)}


def _fill(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    matches = []
    for pair in written.matches:
        (maker, maker_signature), (taker, taker_signature) = (
            names.order("matches", name) for name in (pair.maker, pair.taker)
        )
        size_wad = names.size("matches", pair.size, names.orders[pair.taker].instrument)
        matches.append(Match(maker, maker_signature, taker, taker_signature, size_wad))
    return written.do, names.roles.broker, {"matches": tuple(matches)}


def _cancel(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    order, _ = names.order("order", written.order)
    return written.do, order.account.owner, {"order": order}


def _cancel_below(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    account = names.account("account", written.account)
    return "cancel_below", account.owner, {"account": account, "salt": written.salt}


def _sell(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    account = names.account("account", written.account)
    return written.do.replace(" ", "_"), names.roles.broker, {"account": account}


def _bid(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    bidder = names.account("bidder", written.bidder)
    limit_wad = CAP if written.limit is None else names.value("limit", written.limit)
    account = names.account("account", written.account)
    return "bid", bidder.owner, {
        "account": account, "bidder": bidder, "fraction_wad": written.fraction, "limit_wad": limit_wad,
    }  # fmt: skip


def _fund(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    if written.amount.unit != names.quote:
        raise FieldError("amount", f"'{written.amount}': the insurance fund holds {names.quote}")
    return "fund_insurance", written.by, {"amount_raw": names.raw("amount", written.amount)}


def _operator(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    account = names.account("account", written.account)
    operator = EXCHANGE if written.operator == EXCHANGE else names.role("operator", written.operator)
    return "set_operator", account.owner, {
        "account": account, "operator": operator, "allowed": written.do.startswith("allow"),
    }  # fmt: skip


def _govern(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return written.do.replace(" ", "_"), names.roles.owner, {}


def _appoint(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    role = names.role("to", written.to)
    if written.do.endswith("feeder"):
        return "set_feeder", names.roles.owner, {"feeder": role, "allowed": written.do.startswith("allow")}
    return written.do.replace(" ", "_"), names.roles.owner, {"to": role}


def _risk(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    number = names.underlying("underlying", written.underlying)
    args = {"underlying": number, "risk": roster.risk(written.risk, written.underlying)}
    return written.do.replace(" ", "_"), names.roles.owner, args


def _haircut(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    args = {"collateral": names.collateral("collateral", written.collateral), "terms": roster.terms(written.terms)}
    return written.do.replace(" ", "_"), names.roles.owner, args


def _auction(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return written.do.replace(" ", "_"), names.roles.owner, {"terms": roster.auction(written.terms)}


def _depeg(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return written.do.replace(" ", "_"), names.roles.owner, {"terms": names.depeg(written.terms)}


def _options(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    args = {"underlying": names.underlying("underlying", written.underlying), "risk": roster.options(written.options)}
    return written.do.replace(" ", "_"), names.roles.owner, args


def _guard(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    args = {"underlying": names.underlying("underlying", written.underlying), "guard": roster.guard(written.guard)}
    return written.do.replace(" ", "_"), names.roles.owner, args


def _interest(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    return written.do.replace(" ", "_"), names.roles.owner, {"interest": roster.interest(written.interest)}


def _mode(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    account = names.account("account", written.account)
    mode = accounts.PORTFOLIO if written.mode == "portfolio" else accounts.STANDARD
    return "set_mode", account.owner, {"account": account, "mode": mode}


def _folio(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    args = {"underlying": names.underlying("underlying", written.underlying), "risk": rules.folio(written.portfolio)}
    return written.do.replace(" ", "_"), names.roles.owner, args


def _rules(names: NameTable, written: WrittenStep, at: int) -> StepParts:
    rules.require_known(written.rules, names.underlyings)
    return written.do.replace(" ", "_"), names.roles.owner, {"rules": rules.rules(written.rules, names.underlyings)}


_BUILDERS: dict[type[steps.StepFields], Callable[[NameTable, WrittenStep, int], StepParts]] = {
    steps.Mint: _mint,
    steps.Transfer: _mint,
    steps.Deposit: _deposit,
    steps.Withdraw: _withdraw,
    steps.Trade: _trade,
    steps.Publish: _publish,
    steps.Sell: _sell,
    steps.Bid: _bid,
    steps.Fund: _fund,
    steps.Operator: _operator,
    steps.Govern: _govern,
    steps.Appoint: _appoint,
    steps.RiskChange: _risk,
    steps.HaircutChange: _haircut,
    steps.AuctionChange: _auction,
    steps.DepegChange: _depeg,
    steps.PublishForward: _forward,
    steps.PublishSurface: _surface,
    steps.OpenExpiry: _expiry,
    steps.Settle: _settle,
    steps.OptionsChange: _options,
    steps.GuardChange: _guard,
    steps.InterestChange: _interest,
    steps.Batch: _batch,
    steps.Fill: _fill,
    steps.CancelOrder: _cancel,
    steps.CancelBelow: _cancel_below,
    steps.SetMode: _mode,
    steps.PortfolioMarginChange: _folio,
    steps.RulesChange: _rules,
}
