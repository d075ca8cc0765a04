"""Written steps as steps of the vault: which door, by whom, with which integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.mirror.fixed import CAP
from sim.model import Model
from sim.scenario import cast, script
from sim.scenario.cast import Cast, Trouble
from sim.side import Step
from sim.story import mark

Act = Any
Made = tuple[str, str, dict[str, Any]]


def step(cast: Cast, act: script.Act, at: int, model: Model | None) -> Step:
    """The step of a written act; without a model, a trade at the mark has no price yet. Raises Trouble."""
    action, sender, args = _MAKERS[type(act)](cast, act, at)
    if action == "trade" and args["price_wad"] is None:
        args["price_wad"] = 0 if model is None else mark(model, args["instrument"])
    return Step(at, cast.person("by", act.by) if act.by else sender, action, args)


def put_in(cast: Cast, account: str, token: str, amount_raw: int) -> Made:
    """A deposit: of cash when the token is the quote, of collateral otherwise."""
    target = cast.account("account", account)
    if token == cast.quote:
        return "deposit_cash", target.owner, {"account": target, "amount_raw": amount_raw}
    number = cast.collateral("amount", token)
    return "deposit_collateral", target.owner, {"account": target, "collateral": number, "amount_raw": amount_raw}


def _mint(cast: Cast, act: Act, at: int) -> Made:
    args = {"token": act.amount.unit, "to": cast.person("to", act.to), "amount_raw": cast.raw("amount", act.amount)}
    return act.do, act.by or cast.roles.owner, args


def _deposit(cast: Cast, act: Act, at: int) -> Made:
    return put_in(cast, act.account, act.amount.unit, cast.raw("amount", act.amount))


def _withdraw(cast: Cast, act: Act, at: int) -> Made:
    action, sender, args = _deposit(cast, act, at)
    return action.replace("deposit", "withdraw"), sender, {**args, "to": cast.person("to", act.to or act.by or sender)}


def _trade(cast: Cast, act: Act, at: int) -> Made:
    return act.do, cast.roles.broker, {
        "maker": cast.account("maker", act.maker),
        "taker": cast.account("taker", act.taker),
        "instrument": cast.instrument("instrument", act.instrument),
        "size": cast.size("size", act.size, act.instrument),
        "price_wad": act.price,
    }  # fmt: skip


def _publish(cast: Cast, act: Act, at: int) -> Made:
    published = act.published
    return "publish_price", cast.roles.feeder, {
        "underlying": cast.underlying("underlying", act.underlying),
        "index_wad": act.price,
        "premium_wad": act.premium,
        "confidence_wad": act.confidence,
        "published_at": at if published is None else published.at(cast.script.starts),
    }  # fmt: skip


def _sell(cast: Cast, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    return act.do.replace(" ", "_"), cast.roles.broker, {"account": account}


def _bid(cast: Cast, act: Act, at: int) -> Made:
    bidder = cast.account("bidder", act.bidder)
    limit_wad = CAP if act.limit is None else cast.value("limit", act.limit)
    account = cast.account("account", act.account)
    return "bid", bidder.owner, {
        "account": account, "bidder": bidder, "fraction_wad": act.fraction, "limit_wad": limit_wad,
    }  # fmt: skip


def _fund(cast: Cast, act: Act, at: int) -> Made:
    if act.amount.unit != cast.quote:
        raise Trouble("amount", f"'{act.amount}': the insurance fund holds {cast.quote}")
    return "fund_insurance", act.by, {"amount_raw": cast.raw("amount", act.amount)}


def _operator(cast: Cast, act: Act, at: int) -> Made:
    account = cast.account("account", act.account)
    operator = cast.person("operator", act.operator)
    return "set_operator", account.owner, {
        "account": account, "operator": operator, "allowed": act.do.startswith("allow"),
    }  # fmt: skip


def _govern(cast: Cast, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast.roles.owner, {}


def _appoint(cast: Cast, act: Act, at: int) -> Made:
    person = cast.person("to", act.to)
    if act.do.endswith("feeder"):
        return "set_feeder", cast.roles.owner, {"feeder": person, "allowed": act.do.startswith("allow")}
    return act.do.replace(" ", "_"), cast.roles.owner, {"to": person}


def _risk(cast_: Cast, act: Act, at: int) -> Made:
    number = cast_.underlying("underlying", act.underlying)
    args = {"underlying": number, "risk": cast.risk(act.risk, act.underlying)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _haircut(cast_: Cast, act: Act, at: int) -> Made:
    args = {"collateral": cast_.collateral("collateral", act.collateral), "terms": cast.terms(act.terms)}
    return act.do.replace(" ", "_"), cast_.roles.owner, args


def _auction(cast_: Cast, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast_.roles.owner, {"terms": cast.auction(act.terms)}


def _depeg(cast: Cast, act: Act, at: int) -> Made:
    return act.do.replace(" ", "_"), cast.roles.owner, {"terms": cast.depeg(act.terms)}


_MAKERS: dict[type[script.Act], Callable[[Cast, Act, int], Made]] = {
    script.Mint: _mint,
    script.Transfer: _mint,
    script.Deposit: _deposit,
    script.Withdraw: _withdraw,
    script.Trade: _trade,
    script.Publish: _publish,
    script.Sell: _sell,
    script.Bid: _bid,
    script.Fund: _fund,
    script.Operator: _operator,
    script.Govern: _govern,
    script.Appoint: _appoint,
    script.RiskChange: _risk,
    script.HaircutChange: _haircut,
    script.AuctionChange: _auction,
    script.DepegChange: _depeg,
}
