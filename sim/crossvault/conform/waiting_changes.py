"""Changes that only tighten, which a vault may let wait like all others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from crossvault.conform.subject import Subject
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import caps, store, tightening
from crossvault.mirror.vault import Vault

AT_ONCE = "tightening at once"
Args = Mapping[str, Any]


def waits(subject: Subject, model: Model, step: Step) -> bool:
    """Whether a vault that lets every change wait refuses a change that the model makes at once."""
    if subject.can(AT_ONCE) or step.action not in _CHANGES:
        return False
    is_tighter, change = _CHANGES[step.action]
    vault = model.vault
    return is_tighter(vault, step.args) and not _is_due(vault, change(step.args), step.at)


def _is_due(vault: Vault, change: Hashable, at: int) -> bool:
    """Whether a change was announced, fell due, and has neither lapsed nor been cancelled; in a pause none is."""
    due_at = vault.effective_at[change]
    if due_at == 0 or due_at - vault.delay_secs <= vault.cancelled_at or vault.paused:
        return False
    return max(due_at, vault.open_since + vault.delay_secs) <= at <= due_at + store.GRACE


def _risk(vault: Vault, args: Args) -> bool:
    return any(tightening.is_tighter_risk(each, args["risk"]) for each in _at(vault.ledger.risks, args["underlying"]))


def _options(vault: Vault, args: Args) -> bool:
    return tightening.is_tighter_options(vault.ledger.option_risks[args["underlying"]], args["risk"])


def _haircut(vault: Vault, args: Args) -> bool:
    found = _at(vault.ledger.assets, args["collateral"])
    return any(tightening.is_tighter_haircut(each.terms, args["terms"]) for each in found)


def _cap(vault: Vault, args: Args) -> bool:
    limits = vault.ledger.caps.limits
    known = args["what"] in (caps.COLLATERAL, caps.BORROWING, caps.INTEREST)
    return known and not caps.is_looser(args["amount"], limits[args["what"]][args["number"]])


def _at(listed: Any, number: int) -> Any:
    return listed[number : number + 1] if number >= 0 else ()


_CHANGES: Mapping[str, tuple[Callable[[Vault, Args], bool], Callable[[Args], Hashable]]] = {
    "enact_risk": (_risk, lambda args: ("risk", args["underlying"], args["risk"])),
    "enact_options": (_options, lambda args: ("options", args["underlying"], args["risk"])),
    "enact_haircut": (_haircut, lambda args: ("haircut", args["collateral"], args["terms"])),
    "enact_cap": (_cap, lambda args: ("cap", args["what"], args["number"], args["amount"])),
}
