"""Comparison of one block: the model's state after it, the requests to the chain, and the differences."""

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
    """A block with its steps, and the model's state after it, for the accounts that the steps touch."""

    block: BlockHeader
    seen: tuple[AuditedStep, ...]
    snapshot: Snapshot
    metrics: tuple[Metrics | Refusal, ...]
    curves: tuple[CurveState, ...] | None
    parameters: ParameterSet | None

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts whose state is compared."""
        return tuple(state.account for state in self.snapshot.accounts)


class BlockDiffers(FailedRun):
    """The chain and the model differ: the block, the step that it shows at, and the fields."""

    def __init__(
        self, block: BlockHeader, seen: AuditedStep | None, number: int, found: Sequence[Difference], among: int = 1
    ) -> None:
        """number: of the step, counted from 1 at the opening, 0 without a step; among: number of candidate steps."""
        what = f"step {number}: {seen.step.action} by {seen.step.sender}" if seen else "the whole state"
        super().__init__(f"block {block.number}, {what}: {found[0]}" + (" …" if len(found) > 1 else ""))
        self.block, self.seen, self.number, self.found, self.among = block, seen, number, tuple(found), among


def touched_state(model: Model, block: BlockHeader, seen: Sequence[AuditedStep]) -> BlockSteps:
    """The model's state after a block, restricted to what its steps touch."""
    steps = [each.step for each in seen]
    accounts = named(steps)
    return BlockSteps(
        block, tuple(seen), model.snapshot(accounts),
        tuple(metrics_or_refusal(model, each, block.at) for each in accounts),
        model.vault.curves() if any(step.action in OF_CURVES for step in steps) else None,
        model.vault.parameters() if any(step.action.startswith(_GOVERNING) for step in steps) else None,
    )  # fmt: skip


def full_state(model: Model, block: BlockHeader, accounts: Sequence[AccountId]) -> BlockSteps:
    """The model's state at a block: the given accounts, the curves and all parameters."""
    metrics = tuple(metrics_or_refusal(model, each, block.at) for each in accounts)
    return BlockSteps(block, (), model.snapshot(accounts), metrics, model.vault.curves(), model.vault.parameters())


def metrics_or_refusal(model: Model, account: AccountId, at: int) -> Metrics | Refusal:
    """The margin metrics of an account at a time, or the refusal to value it."""
    try:
        return model.metrics([account], at)[0]
    except Refusal as refused:
        return refused


def state_requests(source: VaultSource, each: BlockSteps) -> list[Request]:
    """The view calls that read the chain's state for a comparison."""
    bindings, where = source.bindings, source.place(each.block)
    accounts = each.accounts
    calls = [bindings.view("snapshot", {"ids": part}) for part in _parts(accounts)]
    calls += [bindings.view("metrics", {"account": account}) for account in accounts]
    calls += [bindings.view("curves", {})] if each.curves is not None else []
    calls += [bindings.view("parameters", {})] if each.parameters is not None else []
    return [("eth_call", [call, where]) for call in calls]


class ChainState(NamedTuple):
    """The chain's state at a block."""

    snapshot: Snapshot
    metrics: tuple[Metrics | Refusal, ...]
    curves: tuple[CurveState, ...] | Refusal | None
    parameters: Any


def decoded(source: VaultSource, each: BlockSteps, replies: Sequence[str | Refusal]) -> ChainState:
    """Decodes the responses to `state_requests` into the mirror's types."""
    bindings, left = source.bindings, iter(replies)

    def metrics(data: str) -> Metrics:
        return Metrics(*bindings.vault.result("metrics", data)[0])

    def sheet(data: str) -> Any:
        return bindings.vault.result("parameters", data)[0]

    shots = [_or_refusal(next(left), bindings.decode_snapshot) for _ in _parts(each.accounts)]
    shared: Any = next((shot for shot in shots if isinstance(shot, Refusal)), shots[0])
    snapshot = Snapshot(shared, ())  # a refusal replaces the unreadable state
    if isinstance(shared, Snapshot):
        snapshot = Snapshot(shared.globals, tuple(state for shot in shots for state in shot.accounts))
    return ChainState(
        snapshot,
        tuple(_or_refusal(next(left), metrics) for _ in each.metrics),
        _or_refusal(next(left), bindings.decode_curves) if each.curves is not None else None,
        _or_refusal(next(left), sheet) if each.parameters is not None else None,
    )


def as_read(source: VaultSource, each: BlockSteps) -> BlockSteps:
    """The model's state in the form in which the vault's interface returns it."""
    if (form := source.form) is None:
        return each

    def narrowed(view: str, value: Any) -> Any:
        return value if value is None or isinstance(value, Refusal) else form.result(view, (value,))[0]

    return each._replace(
        snapshot=form.snapshot(each.snapshot),
        metrics=tuple(narrowed("metrics", found) for found in each.metrics),
        curves=narrowed("curves", each.curves),
        parameters=narrowed("parameters", each.parameters),
    )


def differences(chain: ChainState, each: BlockSteps) -> Iterator[tuple[AuditedStep | None, Difference]]:
    """Yields the fields that differ, each with the last step that touches it."""
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


def responses(source: VaultSource, requests: Sequence[Request]) -> list[str | Refusal]:
    """Sends calls; returns each result or the contract's refusal. Raises ChainLost, ChainRefused on a node error."""
    try:
        return source.responses(requests)
    except ChainRefused:
        return [_response(source, each) for each in requests]


def _response(source: VaultSource, request: Request) -> str | Refusal:
    try:
        [found] = source.responses([request])
        return str(found)
    except ChainRefused as refused:
        data = refused.data if isinstance(refused.data, str) else ""
        if not data.startswith("0x") and "revert" not in str(refused).lower():
            raise
        return source.bindings.vault.refusal(data or "0x")


def _parts(accounts: Sequence[AccountId]) -> list[Sequence[AccountId]]:
    return [accounts[at : at + _ACCOUNTS_AT_ONCE] for at in range(0, max(1, len(accounts)), _ACCOUNTS_AT_ONCE)]


def _or_refusal(reply: str | Refusal, decode: Any) -> Any:
    if isinstance(reply, Refusal):
        return reply
    try:
        return decode(reply)
    except (ValueError, IndexError, OverflowError):
        return UnreadableAnswer(reply)


class UnreadableAnswer(Refusal):
    """A response that does not decode by the vault's ABI."""

    data: str
