"""Written steps as steps of the vault: which door, by whom, with which integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Step
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import Match
from crossvault.mirror.fixed import CAP
from crossvault.scenario import curves, quantity, rules, steps
from crossvault.scenario import roster as cast
from crossvault.scenario.roster import FieldError, NameTable

Act = Any
Made = tuple[str, str, dict[str, Any]]


def step(cast: NameTable, act: steps.Act, at: int, model: Model | None) -> Step:
    """The step of a written act; without a model, what is read from its state is not known yet. Raises Trouble."""
    action, sender, args = _MAKERS[type(act)](cast, act, at)
    if isinstance(act, steps.Batch):
        args = {"calls": tuple(call._replace(args=_priced(call.args, at, model)) for call in args["calls"])}
    if isinstance(act, steps.PublishSurface) and model is not None and act.forward is None:
        forward_wad = curves.curve(model, args["underlying"], args["expiry"]).forward
        args["svi"] = args["svi"]._replace(ref_forward=forward_wad)
    return Step(at, cast.person("by", act.by) if act.by else sender, action, _priced(args, at, model))


def _priced(args: Mapping[str, Any], at: int, model: Model | None) -> dict[str, Any]:
    """Arguments whose price, where it was none, is the mark of their instrument."""
    if args.get("price_wad", 0) is not None:
        return dict(args)
    return {**args, "price_wad": 0 if model is None else mark(model, args["instrument"], at)}


def put_in(cast: NameTable, account: str, token: str, amount_raw: int) -> Made:
    """A deposit: of cash when the token is the quote, of collateral otherwise."""
    target = cast.account("account", account)
    if token == cast.quote:
        return "deposit_cash", target.owner, {"account": target, "amount_raw": amount_raw}
    number = cast.collateral("amount", token)
    return "deposit_collateral", target.owner, {"account": target, "collateral": number, "amount_raw": amount_raw}


def _mint(cast: NameTable, act: Act, at: int) -> Made:
    args = {"token": act.amount.unit, "to": cast.person("to", act.to), "amount_raw": cast.raw("amount", act.amount)}
    return act.do, act.by or cast.roles.owner, args


def _deposit(cast: NameTable, act: Act, at: int) -> Made:
    return put_in(cast, act.account, act.amount.unit, cast.raw("amount", act.amount))


def _withdraw(cast: NameTable, act: Act, at: int) -> Made:
    action, sender, args = _deposit(cast, act, at)
    return action.replace("deposit", "withdraw"), sender, {**args, "to": cast.person("to", act.to or act.by or sender)}


def _trade(cast: NameTable, act: Act, at: int) -> Made:
    return act.do, cast.roles.broker, {
        "maker": cast.account("maker", act.maker),
        "taker": cast.account("taker", act.taker),
        "instrument": cast.instrument("instrument", act.instrument),
        "size": cast.size("size", act.size, act.instrument),
        "price_wad": act.price,
    }  # fmt: skip


def _publish(cast: NameTable, act: Act, at: int) -> Made:
    return "publish_price", cast.roles.feeder, {
        "underlying": cast.underlying("underlying", act.underlying),
        "index_wad": act.price,
        "premium_wad": act.premium,
        "confidence_wad": act.confidence,
        "published_at": _published(cast, act, at),
    }  # fmt: skip


def _published(cast: NameTable, act: Act, at: int) -> int:
    moment: quantity.Moment | None = act.published
    return at if moment is None else moment.at(cast.script.starts)


def _term(cast: NameTable, act: Act) -> dict[str, Any]:
    return {"underlying": cast.underlying("underlying", act.underlying), "expiry": act.expiry}


def _forward(cast: NameTable, act: Act, at: int) -> Made:
    given = {"forward_wad": act.forward, "rate_wad": act.rate, "confidence_wad": act.confidence}
    args = {**_term(cast, act), **given, "published_at": _published(cast, act, at)}
    return "publish_forward", cast.roles.feeder, args


def _surface(cast: NameTable, act: Act, at: int) -> Made:
    svi = curves.fitted(act.surface, max(1, act.expiry - at), act.forward or 1)
    args = {**_term(cast, act), "svi": svi, "confidence_wad": act.confidence}
    return "publish_surface", cast.roles.feeder, {**args, "published_at": _published(cast, act, at)}


def _expiry(cast: NameTable, act: Act, at: int) -> Made:
    return "open_expiry", cast.roles.owner, _term(cast, act)


def _settle(cast: NameTable, act: Act, at: int) -> Made:
    named = list(cast.accounts) if act.accounts == "all" else act.accounts
    accounts = tuple(cast.account("accounts", name) for name in named)
    return act.do, cast.roles.broker, {**_term(cast, act), "accounts": accounts}


def _batch(cast: NameTable, act: Act, at: int) -> Made:
    made = [_MAKERS[type(call)](cast, call, at) for call in act.calls]
    senders = {sender for _, sender, _ in made}
    sender = next((each for _, each, _ in made if each != cast.roles.broker), cast.roles.broker)
    if len(senders - {cast.roles.broker}) > 1 and act.by is None:
        raise FieldError("calls", f"{' and '.join(sorted(senders))} cannot call at once: expected 'by'")
    return act.do, sender, {"calls": tuple(Call(action, args) for action, _, args in made)}


def _fill(cast: NameTable, act: Act, at: int) -> Made:
    matches = []
    for pair in act.matches:
        (maker, maker_signature), (taker, taker_signature) = (
            cast.order("matches", name) for name in (pair.maker, pair.taker)
        )
        size_wad = cast.size("matches", pair.size, cast.orders[pair.taker].instrument)
        matches.append(Match(maker, maker_signature, taker, taker_signature, size_wad))
    return act.do, cast.roles.broker, {"matches": tuple(matches)}


def _cancel(cast: NameTable, act: Act, at: int) -> Made:
    order, _ = cast.order("order", act.order)
    return act.do, order.account.owner, {"order": order}


def _cancel_below(cast: NameTable, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    return "cancel_below", account.owner, {"account": account, "salt": act.salt}


def _sell(cast: NameTable, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    return act.do.replace(" ", "_"), cast.roles.broker, {"account": account}


def _bid(cast: NameTable, act: Act, at: int) -> Made:
    bidder = cast.account("bidder", act.bidder)
    limit_wad = CAP if act.limit is None else cast.value("limit", act.limit)
    account = cast.account("account", act.account)
    return "bid", bidder.owner, {
        "account": account, "bidder": bidder, "fraction_wad": act.fraction, "limit_wad": limit_wad,
    }  # fmt: skip


def _fund(cast: NameTable, act: Act, at: int) -> Made:
    if act.amount.unit != cast.quote:
        raise FieldError("amount", f"'{act.amount}': the insurance fund holds {cast.quote}")
    return "fund_insurance", act.by, {"amount_raw": cast.raw("amount", act.amount)}


def _operator(cast: NameTable, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    operator = EXCHANGE if act.operator == EXCHANGE else cast.person("operator", act.operator)
    return "set_operator", account.owner, {
        "account": account, "operator": operator, "allowed": act.do.startswith("allow"),
    }  # fmt: skip


def _govern(cast: NameTable, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast.roles.owner, {}


def _appoint(cast: NameTable, act: Act, at: int) -> Made:
    person = cast.person("to", act.to)
    if act.do.endswith("feeder"):
        return "set_feeder", cast.roles.owner, {"feeder": person, "allowed": act.do.startswith("allow")}
    return act.do.replace(" ", "_"), cast.roles.owner, {"to": person}


def _risk(cast_: NameTable, act: Act, at: int) -> Made:
    number = cast_.underlying("underlying", act.underlying)
    args = {"underlying": number, "risk": cast.risk(act.risk, act.underlying)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _haircut(cast_: NameTable, act: Act, at: int) -> Made:
    args = {"collateral": cast_.collateral("collateral", act.collateral), "terms": cast.terms(act.terms)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _auction(cast_: NameTable, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast_.roles.owner, {"terms": cast.auction(act.terms)}


def _depeg(cast: NameTable, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast.roles.owner, {"terms": cast.depeg(act.terms)}


def _options(cast_: NameTable, act: Act, at: int) -> Made:
    args = {"underlying": cast_.underlying("underlying", act.underlying), "risk": cast.options(act.options)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _guard(cast_: NameTable, act: Act, at: int) -> Made:
    args = {"underlying": cast_.underlying("underlying", act.underlying), "guard": cast.guard(act.guard)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _interest(cast_: NameTable, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast_.roles.owner, {"interest": cast.interest(act.interest)}


def _mode(cast: NameTable, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    mode = accounts.PORTFOLIO if act.mode == "portfolio" else accounts.STANDARD
    return "set_mode", account.owner, {"account": account, "mode": mode}


def _folio(cast: NameTable, act: Act, at: int) -> Made:
    args = {"underlying": cast.underlying("underlying", act.underlying), "risk": rules.folio(act.portfolio)}
    return act.do.replace(" ", "_"), cast.roles.owner, args


def _rules(cast: NameTable, act: Act, at: int) -> Made:
    rules.require_known(act.rules, cast.underlyings)
    return act.do.replace(" ", "_"), cast.roles.owner, {"rules": rules.rules(act.rules, cast.underlyings)}


_MAKERS: dict[type[steps.Act], Callable[[NameTable, Act, int], Made]] = {
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
