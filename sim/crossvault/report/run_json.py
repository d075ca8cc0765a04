"""A run as one JSON document. Amounts end in `_wad` and are decimal text, so that no reader rounds them."""

from __future__ import annotations

from typing import Any

from crossvault.differential.compare import Difference
from crossvault.differential.step import instrument_name
from crossvault.differential.story import Story
from crossvault.lockstep.run import Diverged
from crossvault.mirror import market
from crossvault.report import broken_rule
from crossvault.report.console import RunPage
from crossvault.report.differences import difference_document, money_document
from crossvault.report.figures import jsonable, utc
from crossvault.report.margin_terms import account_terms
from crossvault.report.run_gains import document as gains_document
from crossvault.report.run_timeline import AcceptedBid, Liquidation
from crossvault.report.run_watch import RunWatch
from crossvault.shrink.largest import largest


def document(ran: RunPage) -> dict[str, Any]:
    """The figures of the text of a run, and more."""
    result, watch = ran.result, ran.watch
    rate_usd = result.steps / result.seconds if result.seconds else 0.0
    return {
        "scenario": ran.story.name,
        "seed": ran.story.seed,
        "scenario_hash": ran.story.hash,
        "steps": result.steps,
        "compared": result.compared,
        "metrics_compared": result.metrics_compared,
        "differences": differences(result.failure),
        "broken_rule": broken_rule.document(result.failure, result.steps, ran.story.world.quote),
        "known_weaknesses": broken_rule.weakness_document(ran.weaknesses),
        "largest": _largest(ran),
        "refusals": dict(result.refusals),
        "first_refusals": [jsonable(each._asdict()) for each in watch.first_refusals.values()],
        "liquidations": [_liquidation(ran.story, each) for each in watch.liquidations],
        "insurance": _insurance(watch),
        "accounts": {str(account): _account(watch, account) for account in watch.lowest_health},
        "gains": gains_document(ran),
        "prices": {name: _range(each) for name, each in zip(ran.story.underlyings, watch.price_range, strict=False)},
        "actions": dict(result.actions),
        "engine": ran.engine,
        "contracts": ran.contracts,
        "seconds": round(result.seconds, 3),
        "steps_per_second": round(rate_usd, 1),
        "record": ran.record,
        "failure": ran.failure,
        "warnings": list(ran.story.warnings),
        **({"finding": ran.story.finding, "now_passes": not ran.failure} if ran.story.finding else {}),
    }


def _largest(ran: RunPage) -> dict[str, Any] | None:
    """The largest difference of money, of the step at which the sides differ."""
    failure = ran.result.failure
    seen = largest(failure.found, (), ran.story.world) if isinstance(failure, Diverged) else None
    return money_document(seen) if seen else None


def differences(failure: BaseException | None) -> list[dict[str, Any]]:
    """The fields in which the sides differ; empty when they do not."""
    if not isinstance(failure, Diverged):
        return []
    return [_difference(failure, found) for found in failure.found]


def _difference(failure: Diverged, found: Difference) -> dict[str, Any]:
    return {"step": failure.number, "action": failure.step.action, **difference_document(found)}


def _liquidation(story: Story, each: Liquidation) -> dict[str, Any]:
    cause = each.cause
    return {
        "account": str(each.account),
        "step": each.step,
        "at": each.at,
        "utc": utc(each.at),
        "equity_wad": str(each.equity_wad),
        "maintenance_margin_balance_wad": str(each.margin_balance_wad),
        "maintenance_requirement_wad": str(each.requirement_wad),
        "health_wad": str(each.health_wad),
        "worst_position": None if cause is None else {
            "underlying": story.underlyings[market.underlying_of(cause.instrument)],
            "instrument": instrument_name(cause.instrument, story.underlyings),
            **{name: str(value) for name, value in cause._asdict().items() if name != "instrument"},
        },
        "bids": [_purchase(purchase) for purchase in each.purchases],
        "sold_wad": str(each.sold_wad),
        "price_wad": str(each.price_wad),
        "value_wad": str(each.value_wad),
        "insurance_paid_wad": str(each.payout_wad),
        "insolvent_at": each.insolvent_at,
        "ended_at": each.ended_at,
        "ended_by": each.ended_by or None,
    }  # fmt: skip


def _purchase(each: AcceptedBid) -> dict[str, Any]:
    named = {"step": each.step, "at": each.at, "bidder": str(each.bidder), "insolvent": each.insolvent}
    return named | {name: str(getattr(each, name)) for name in ("part_wad", "cost_wad", "discount_wad")}


def _insurance(watch: RunWatch) -> dict[str, str]:
    highest, lowest, last = watch.insurance or (0, 0, 0)
    return {"highest_wad": str(highest), "lowest_wad": str(lowest), "last_wad": str(last)}


def _account(watch: RunWatch, account: Any) -> dict[str, Any]:
    (health, health_at), (leverage, leverage_at) = watch.lowest_health[account], watch.peak_leverage[account]
    found: dict[str, Any] = {
        "lowest_health_wad": str(health), "lowest_health_at": health_at,
        "peak_leverage_wad": str(leverage), "peak_leverage_at": leverage_at,
    }  # fmt: skip
    if watch.model:
        [metrics] = watch.model.metrics([account], watch.ended_at)
        found |= account_terms(metrics).document() | {"leverage_wad": str(metrics.leverage_wad)}
    need = watch.capital[account]
    found["capital"] = {"at": need.at, "isolated_wad": str(need.isolated_wad), "cross_wad": str(need.cross_wad)}
    return found


def _range(each: tuple[int, int, int, int]) -> dict[str, str]:
    names = ("first_wad", "lowest_wad", "highest_wad", "last_wad")
    return {name: str(value) for name, value in zip(names, each, strict=True)}
