"""A block that touched the vault, on both sides: what the model has after it, and what the chain is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.audit.log_steps import AuditedStep
from crossvault.audit.vault_source import BlockHeader, VaultSource
from crossvault.differential.compare import Difference, value_differences
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import Snapshot, named
from crossvault.evm.anvil import ChainRefused, Request
from crossvault.lockstep.run import OF_CURVES
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.parameters import ParameterSet
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics

_GOVERNING = ("list_", "enact_")
_ACCOUNTS_AT_ONCE = 16


class BlockSteps(NamedTuple):
    """A block with its steps, and what the model says after it: of what the steps touched."""

    block: BlockHeader
    seen: tuple[AuditedStep, ...]
    snapshot: Snapshot
    metrics: tuple[Metrics | Refusal, ...]
    curves: tuple[CurveState, ...] | None
    parameters: ParameterSet | None

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that were touched."""
        return tuple(state.account for state in self.snapshot.accounts)


class BlockDiffers(FailedRun):
    """The chain and the model differ: the block, the step that it shows at, and the fields."""

    def __init__(
        self, block: BlockHeader, seen: AuditedStep | None, number: int, found: Sequence[Difference], among: int = 1
    ) -> None:
        """number: of the step, from 1 since the opening, 0 where there is none; among: how many it may be one of."""
        what = f"step {number}: {seen.step.action} by {seen.step.sender}" if seen else "the whole state"
        super().__init__(f"block {block.number}, {what}: {found[0]}" + (" …" if len(found) > 1 else ""))
        self.block, self.seen, self.number, self.found, self.among = block, seen, number, tuple(found), among


def moment(model: Model, block: BlockHeader, seen: Sequence[AuditedStep]) -> BlockSteps:
    """What the model says now, of what some steps touched."""
    steps = [each.step for each in seen]
    accounts = named(steps)
    return BlockSteps(
        block, tuple(seen), model.snapshot(accounts), tuple(told(model, each, block.at) for each in accounts),
        model.vault.curves() if any(step.action in OF_CURVES for step in steps) else None,
        model.vault.parameters() if any(step.action.startswith(_GOVERNING) for step in steps) else None,
    )  # fmt: skip


def whole(model: Model, block: BlockHeader, accounts: Sequence[AccountId]) -> BlockSteps:
    """What the model says at a block of some accounts, and of all that is shared."""
    metrics = tuple(told(model, each, block.at) for each in accounts)
    return BlockSteps(block, (), model.snapshot(accounts), metrics, model.vault.curves(), model.vault.parameters())


def told(model: Model, account: AccountId, at: int) -> Metrics | Refusal:
    """What an account is told at a time, or why it is told nothing."""
    try:
        return model.metrics([account], at)[0]
    except Refusal as refused:
        return refused


def questions(source: VaultSource, each: BlockSteps) -> list[Request]:
    """What the chain is asked for at a moment."""
    speech, where = source.speech, source.place(each.block)
    accounts = each.accounts
    calls = [speech.view("snapshot", {"ids": part}) for part in _parts(accounts)]
    calls += [speech.view("metrics", {"account": account}) for account in accounts]
    calls += [speech.view("curves", {})] if each.curves is not None else []
    calls += [speech.view("parameters", {})] if each.parameters is not None else []
    return [("eth_call", [call, where]) for call in calls]


class Answers(NamedTuple):
    """What the chain says at a moment."""

    snapshot: Snapshot
    metrics: tuple[Metrics | Refusal, ...]
    curves: tuple[CurveState, ...] | Refusal | None
    parameters: Any


def read(source: VaultSource, each: BlockSteps, answers: Sequence[str | Refusal]) -> Answers:
    """The answers to the questions of a moment, in the mirror's form."""
    speech, left = source.speech, iter(answers)

    def metrics(data: str) -> Metrics:
        return Metrics(*speech.vault.result("metrics", data)[0])

    def sheet(data: str) -> Any:
        return speech.vault.result("parameters", data)[0]

    shots = [_or_refusal(next(left), speech.decode_snapshot) for _ in _parts(each.accounts)]
    shared: Any = next((shot for shot in shots if isinstance(shot, Refusal)), shots[0])
    snapshot = Snapshot(shared, ())  # a refusal stands for a state that is not shown
    if isinstance(shared, Snapshot):
        snapshot = Snapshot(shared.globals, tuple(state for shot in shots for state in shot.accounts))
    return Answers(
        snapshot,
        tuple(_or_refusal(next(left), metrics) for _ in each.metrics),
        _or_refusal(next(left), speech.decode_curves) if each.curves is not None else None,
        _or_refusal(next(left), sheet) if each.parameters is not None else None,
    )


def differences(chain: Answers, each: BlockSteps) -> Iterator[tuple[AuditedStep | None, Difference]]:
    """The fields in which the sides differ at a moment, each with the last step that can have made it."""
    for found in value_differences("globals", chain.snapshot.globals, each.snapshot.globals):
        yield _last(each), found
    for mine, other in zip(chain.snapshot.accounts, each.snapshot.accounts, strict=False):
        for found in value_differences(str(other.account), mine, other):
            yield _last(each, other.account), found
    for account, one, two in zip(each.accounts, chain.metrics, each.metrics, strict=True):
        for found in value_differences(f"{account}.metrics", one, two):
            yield _last(each, account), found
    if each.curves is not None:
        for found in value_differences("curves", chain.curves, each.curves):
            yield _last(each, actions=OF_CURVES), found
    if each.parameters is not None:
        for found in value_differences("parameters", chain.parameters, each.parameters):
            yield _last(each, actions=_GOVERNING), found


def _last(each: BlockSteps, account: AccountId | None = None, actions: tuple[str, ...] = ()) -> AuditedStep | None:
    fitting = [seen for seen in each.seen if account is None or account in seen.step.accounts()]
    if actions:
        fitting = [seen for seen in fitting if seen.step.action.startswith(actions)]
    last: Sequence[AuditedStep] = fitting or each.seen
    return last[-1] if last else None


def answered(source: VaultSource, requests: Sequence[Request]) -> list[str | Refusal]:
    """The answers to calls, or why the contract refuses them. Raises ChainLost, ChainRefused where the node does."""
    try:
        return source.ask(requests)
    except ChainRefused:
        return [_one(source, each) for each in requests]


def _one(source: VaultSource, request: Request) -> str | Refusal:
    try:
        [found] = source.ask([request])
        return str(found)
    except ChainRefused as refused:
        data = refused.data if isinstance(refused.data, str) else ""
        if not data.startswith("0x") and "revert" not in str(refused).lower():
            raise
        return source.speech.vault.refusal(data or "0x")


def _parts(accounts: Sequence[AccountId]) -> list[Sequence[AccountId]]:
    return [accounts[at : at + _ACCOUNTS_AT_ONCE] for at in range(0, max(1, len(accounts)), _ACCOUNTS_AT_ONCE)]


def _or_refusal(answer: str | Refusal, read: Any) -> Any:
    if isinstance(answer, Refusal):
        return answer
    try:
        return read(answer)
    except (ValueError, IndexError, OverflowError):
        return UnreadableAnswer(answer)


class UnreadableAnswer(Refusal):
    """An answer that does not fit the interface of the vault."""

    data: str
