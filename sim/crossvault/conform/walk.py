"""Random walks that a vault supports: only through its doors, on instruments and with parameters that it knows."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from crossvault.conform.capability import CAPABILITIES, KINDS
from crossvault.conform.subject import Subject
from crossvault.differential.model import Model
from crossvault.differential.step import TOKEN_ACTIONS, VAULT, Action, Outcome, Step, StepStream, World
from crossvault.mirror import market
from crossvault.mirror.evm import Call
from crossvault.walks.base import GOVERNOR
from crossvault.walks.corners import CornerCases
from crossvault.walks.random_walk import Walk

_NEEDS: Mapping[str, Action] = {
    "_batch": "batch", "_collect": "batch", "_forward": "publish_forward", "_surface": "publish_surface",
    "_open_expiry": "open_expiry", "_settle": "settle", "_wide": "batch", "_deposit_collateral": "deposit_collateral",
    "_withdraw_collateral": "withdraw_collateral", "_withdraw_cash": "withdraw_cash", "_mode": "set_mode",
    "_start": "start_liquidation", "_sale": "bid", "_fund": "fund_insurance", "_ownership": "offer_ownership",
    "_pause": "pause", "_unpause": "unpause", "_operator": "set_operator", "_list": "schedule_underlying",
    "_cap": "enact_cap",
}  # fmt: skip
"""The door that a kind of move goes through."""
_SHARING = ("futures", "options")  # of their doors some belong to both
_CHANGING: frozenset[Action] = frozenset({"list_underlying", "schedule_risk", "enact_risk"})


def unfit(subject: Subject, action: str, args: Any) -> str:
    """Why a vault does not support a step; nothing when it does."""
    if action in TOKEN_ACTIONS:
        return ""
    if action == "batch":
        if not subject.can("batch"):
            return "batch"
        return next((why for call in args["calls"] if (why := unfit(subject, call.action, call.args))), "")
    door = subject.doors.get(action)
    if door is None or not door.exists:
        return action.replace("_", " ")
    for capability in _belongs(action, args):
        if not subject.can(capability):
            return capability
    return f"another {unpinned(subject, action, args)}" if unpinned(subject, action, args) else ""


def unpinned(subject: Subject, action: str, args: Any) -> str:
    """The parameter of a step of which the vault knows only another value; nothing when there is none."""
    if action not in _CHANGING or args["risk"] == market.MarketRisk():
        return ""
    wrong = [name for name, value in subject.pins().items() if getattr(args["risk"], name) != value]
    return wrong[0].replace("_", " ") if wrong else ""


def _belongs(action: str, args: Any) -> list[str]:
    """The capabilities that a step needs in addition to its door."""
    if action == "trade":
        return [KINDS.get(market.kind_of(args["instrument"]), "perps")]
    return [each.name for each in CAPABILITIES if action in each.doors and each.name not in _SHARING]


class SupportedWalk(Walk):
    """A walk that a vault supports."""

    def __init__(self, subject: Subject, seed: int, steps: int) -> None:
        super().__init__(seed, steps)
        self._subject, self._wanted = subject, steps
        self._count = steps * 50  # much of what is drawn is dropped
        self._moves = [each for each in self._moves if self._is_open(_NEEDS.get(each[1].__name__, ""))]
        self.world = replace(self.world, terms=subject.known_terms(self.world.terms))

    def steps(self, model: Model) -> StepStream:
        """The set-up, then as many random steps as wanted that the vault supports."""
        kept = 0
        for drawn in super().steps(model):
            step = fitted(self._subject, self.world, drawn)
            if step is None:
                continue
            yield step
            kept += step.sender != GOVERNOR
            if kept >= self._wanted:
                return

    def _is_open(self, action: str) -> bool:
        return not action or self._subject.doors[action].exists

    def _scripted(self, model: Model) -> Step | None:
        """Episodes of distress use collateral: a vault without it is searched by single moves."""
        return super()._scripted(model) if self._subject.can("collateral") else None

    def _instrument(self, model: Model) -> int:
        if self._subject.can("futures") or self._subject.can("options"):
            return super()._instrument(model)
        return market.perp(self._random.choices((0, 1, 2, 8), (50, 40, 10, 1))[0])


class SupportedCorners(CornerCases):
    """The corner cases that a vault supports."""

    def __init__(self, subject: Subject, seed: int) -> None:
        super().__init__(seed, 0, subject.ours)
        self._subject = subject
        self.world = replace(self.world, terms=subject.known_terms(self.world.terms))

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The steps of the corner cases that the vault supports."""
        for drawn in super().steps(model):
            if step := fitted(self._subject, self.world, drawn):
                yield step


def fitted(subject: Subject, world: World, step: Step) -> Step | None:
    """A step with parameters that a vault knows; None where it does not support it."""
    if step.action == "transfer" and step.args["to"] == VAULT and step.args["token"] != world.quote:
        return None
    known = with_known_parameters(subject, step)
    return None if unfit(subject, known.action, known.args) else known


def with_known_parameters(subject: Subject, step: Step) -> Step:
    """A step with the parameters that a vault knows, all else as it is."""
    return replace(step, args=_fitted_args(subject, step))


def _fitted_args(subject: Subject, step: Step) -> Any:
    pins = subject.pins()
    if step.action in _CHANGING and pins and step.args["risk"] != market.MarketRisk():
        return {**step.args, "risk": step.args["risk"]._replace(**pins)}
    if step.action == "batch":
        return {"calls": tuple(Call(call.action, call.args) for call in step.args["calls"])}
    return step.args
