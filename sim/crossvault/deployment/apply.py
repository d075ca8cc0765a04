"""Applies a deployment: inspects the chain, journals, sends and settles each missing step, and awaits confirmations.

Starting and resuming are the same: the first missing step is sent with the account's nonce at the block where the step
is missing. A concurrent sender of that account either takes the nonce or is excluded by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from crossvault.deployment.blueprint import ACCEPT, Blueprint, DeploymentStep
from crossvault.deployment.idle_chain import BlockArrivals
from crossvault.deployment.journal import DONE, Journal, recorded
from crossvault.deployment.onchain import WRONG, ChainInspector, ChainSnapshot
from crossvault.differential.ending import FailedRun
from crossvault.evm.anvil import ChainLost, ChainRefused
from crossvault.rpc.transactions import Receipt, SignedTransaction, TransactionReplaced, TransactionSender
from crossvault.scenario.owner_calls import ENACT

_MOST_TRIES = 5
_MOST_ROUNDS = 20
_NOT_YET = ("StalePrice", "TooEarly")
_PATIENCE = 10

Notify = Callable[[str], None]


class StepFailed(FailedRun):
    """A step that reverted or would revert; the message states the reason."""


class DeploymentConflict(FailedRun):
    """Other code or another listing is in the place of a step of this deployment."""


class _NonceAhead(Exception):
    """A transaction waits for earlier nonces, which a reorganisation has freed."""


class StepWaiting(NamedTuple):
    """A step that cannot execute yet: the reason and the earliest time [unix seconds], 0 if unknown."""

    step: DeploymentStep
    why: str
    due_at: int


class ApplyResult(NamedTuple):
    """Result of a run: the confirmed state, and the step that the deployment waits for, if any."""

    snapshot: ChainSnapshot
    waiting: StepWaiting | None


def utc_text(at: int) -> str:
    """A time as text in UTC. at: [unix seconds]."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass
class DeploymentApply:
    """Executes the steps of a deployment. notify: receives messages for the user; tick: the number of done steps."""

    plan: Blueprint
    inspector: ChainInspector
    sender: TransactionSender
    journal: Journal
    confirmations: int = 1
    wait: bool = False
    notify: Notify = lambda text: None
    tick: Callable[[int], None] = lambda done: None
    _confirmed: set[str] = field(default_factory=set)
    _reached: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _seen: ChainSnapshot | None = None
    _overtaken: dict[str, float] = field(default_factory=dict)
    _waited: set[tuple[str, int]] = field(default_factory=set)

    def run(self, only: Callable[[DeploymentStep], bool] = lambda step: step.action != ACCEPT) -> ApplyResult:
        """Executes the missing steps that pass `only`. Raises StepFailed, DeploymentConflict, FeeTooHigh, ChainLost."""
        rounds, arrivals = 0, BlockArrivals(self.notify, self.sender.pace.stuck_secs)
        while rounds < _MOST_ROUNDS:
            waiting = self._advance(only)
            if waiting and self.wait and waiting.due_at:
                head = self._await(waiting)
                arrivals.require(head, f"{waiting.step.key} is due by the clock, but not in the latest block")
                continue
            deep, vanished = self._deep()
            if not vanished:
                return ApplyResult(deep, waiting)
            self.notify(f"{vanished[0]}: was dropped by a reorganisation; executing it recorded")
            rounds += 1
        raise StepFailed(
            f"after {_MOST_ROUNDS} rounds steps still vanish: the chain keeps dropping accepted transactions"
        )

    def _advance(self, only: Callable[[DeploymentStep], bool]) -> StepWaiting | None:
        """Executes steps until none is missing; returns the step that cannot execute yet, if any."""
        while True:
            snapshot = self._inspect()
            self._require_free(snapshot)
            self._confirmed |= {step.key for step in self.plan.steps if step.makes and snapshot.is_done(step)}
            self._settle_journal(snapshot)
            self._reached = {step.key for step in self.plan.steps if snapshot.is_done(step)}
            left = [step for step in self.plan.steps if only(step) and not snapshot.is_done(step)]
            self.tick(len(self.plan.steps) - len(left))
            if not left:
                return None
            step = left[0]
            if self._is_behind(step):
                continue
            due_at = snapshot.found[step.key].due_at
            if step.action.startswith(ENACT) and not self._is_due(snapshot.at, due_at):
                return StepWaiting(step, "announced", due_at)
            if refused := self._send(step, snapshot):
                return StepWaiting(step, refused, due_at)

    def _inspect(self) -> ChainSnapshot:
        """Reads the latest state; forgets earlier knowledge when the block that it came from was replaced."""
        if self._seen and self._confirmed:
            block = self.sender.client.rpc("eth_getBlockByNumber", hex(self._seen.number), False)
            if block is None or block["hash"] != self._seen.hash:
                self._confirmed.clear()
        self._seen = self.inspector.inspect(known=self._confirmed)
        return self._seen

    def _send(self, step: DeploymentStep, snapshot: ChainSnapshot) -> str:
        """Sends a step once; returns the reason to wait if it cannot execute yet."""
        self._tries[step.key] = self._tries.get(step.key, 0) + 1
        if self._tries[step.key] > _MOST_TRIES:
            raise StepFailed(f"{step.key}: is still missing after {_MOST_TRIES} attempts")
        nonce = snapshot.nonce if step.by == self.plan.deployer else self.sender.nonce("latest")
        try:
            prepared = self._prepared(step, nonce)
        except ChainRefused as refused:
            return self._refused(step, snapshot, refused)
        if not any(line["transaction"] == prepared.hash for line in self.journal.sent(step.hash)):
            self.journal.sending(step.key, step.hash, prepared)
        try:
            self.sender.post(prepared)
            receipt = self.sender.confirm(prepared, 1, lambda dearer: self._dearer(step, dearer))
        except TransactionReplaced:
            self._superseded(step, prepared)
            return ""
        except _NonceAhead:
            self.notify(f"{step.key}: a reorganisation dropped an earlier transaction; reading the chain recorded")
            self._confirmed.clear()
            return ""
        self._settled(step, receipt)
        return ""

    def _dearer(self, step: DeploymentStep, dearer: SignedTransaction) -> None:
        """Journals a replacement with higher fees before it is sent. Raises _NonceAhead if an earlier nonce is free."""
        if self.sender.nonce("latest") < dearer.nonce:
            raise _NonceAhead
        self.journal.sending(step.key, step.hash, dearer)

    def _prepared(self, step: DeploymentStep, nonce: int) -> SignedTransaction:
        """The transaction of a step: the journaled one with that nonce, or a new one."""
        for line in reversed(self.journal.sent(step.hash)):
            if line["nonce"] == nonce:
                signed = self.sender.signed(recorded(line, step.to, step.data))
                if signed.hash == line["transaction"]:
                    self.notify(f"{step.key}: resending the transaction from the journal")
                    return signed
        return self.sender.prepare(step.to, step.data, nonce=nonce)

    def _settled(self, step: DeploymentStep, receipt: Receipt) -> None:
        silent = receipt.accepted and bool(step.event) and not self.inspector.emits(step, receipt.logs)
        self.journal.settled(step.key, step.hash, receipt, silent)
        if silent:  # its target lost its code before execution: a call without code succeeds
            self.notify(f"{step.key}: was accepted without effect; reading the chain recorded")
            self._confirmed.clear()
            return
        if receipt.accepted:
            if step.makes:
                self._confirmed.add(step.key)
            return
        if not self.inspector.inspect().is_done(step):  # another sender may have executed it first
            raise StepFailed(f"{step.key}: reverted in transaction {receipt.hash}: {self._reason(step)}")

    def _superseded(self, step: DeploymentStep, prepared: SignedTransaction) -> None:
        """Journals which transaction took a nonce: an earlier version of the same step, or another one."""
        for line in self.journal.sent(step.hash):
            if line["nonce"] == prepared.nonce and (receipt := self.sender.receipt(line["transaction"])):
                self._settled(step, receipt)
                return
        self.journal.lost(step.key, step.hash, prepared)
        self.notify(f"{step.key}: nonce {prepared.nonce} was used by another transaction; reading the chain recorded")

    def _refused(self, step: DeploymentStep, snapshot: ChainSnapshot, refused: ChainRefused) -> str:
        """Returns the reason to wait for; empty when the step was executed meanwhile. Raises StepFailed."""
        now = self.inspector.inspect()
        vanished = [each for each in self.plan.steps if snapshot.is_done(each) and not now.is_done(each)]
        if now.is_done(step) or vanished:
            self._confirmed -= {each.key for each in vanished}
            return ""
        reason = self._refusal_reason(refused)
        if reason.startswith(_NOT_YET):
            del self._tries[step.key]
            return reason
        # nodes simulate on top of pending transactions: one from another machine may cause the refusal
        if self.sender.nonce() > self.sender.nonce("latest") and self._waits_patiently(step):
            return ""
        if (
            step.by == self.plan.deployer and self.sender.nonce("latest") != snapshot.nonce
        ):  # the nonce changed meanwhile
            self._tries.pop(step.key, None)
            return ""
        raise StepFailed(f"{step.key}: would revert: {reason}") from None

    def _waits_patiently(self, step: DeploymentStep) -> bool:
        """Waits for other pending transactions of the account; returns whether the patience lasts."""
        if step.key not in self._overtaken:
            self._overtaken[step.key] = time.monotonic()
            self.notify(f"{step.key}: another transaction of {step.by} is pending; waiting for it")
        time.sleep(self.sender.pace.poll_secs)
        del self._tries[step.key]
        return time.monotonic() - self._overtaken[step.key] < _PATIENCE * self.sender.pace.stuck_secs

    def _reason(self, step: DeploymentStep) -> str:
        try:
            self.sender.estimate(step.to, step.data)
        except ChainRefused as refused:
            return self._refusal_reason(refused)
        return "it would succeed now: resume"

    def _refusal_reason(self, refused: ChainRefused) -> str:
        data = refused.data if isinstance(refused.data, str) and refused.data.startswith("0x") else ""
        return str(self.plan.bindings.vault.refusal(data)) if len(data) >= 10 else refused.message

    def _settle_journal(self, snapshot: ChainSnapshot) -> None:
        """Journals the outcome of sent transactions that have none yet."""
        for line in self.journal.unsettled():
            step = self.plan.step(line["step"])
            if step is None or line["nonce"] >= snapshot.nonce or step.by != self.plan.deployer:
                continue
            versions = [each for each in self.journal.sent(step.hash) if each["nonce"] == line["nonce"]]
            receipts = filter(None, (self.sender.receipt(each["transaction"]) for each in versions))
            if (receipt := next(receipts, None)) is not None:
                silent = receipt.accepted and bool(step.event) and not self.inspector.emits(step, receipt.logs)
                self.journal.settled(step.key, step.hash, receipt, silent)
            elif self.sender.nonce("latest") > line["nonce"]:
                self.journal.lost(step.key, step.hash, recorded(line, step.to, step.data))
                self.notify(f"{step.key}: nonce {line['nonce']} was used by another transaction")

    def _is_behind(self, step: DeploymentStep) -> bool:
        """Whether the endpoint has a receipt of a step but not its event yet: it lags behind itself."""
        for line in self.journal.lines:
            if line.get("hash") == step.hash and line["kind"] == DONE and not step.makes:
                receipt = self.sender.receipt(line["transaction"])
                if receipt and receipt.accepted:
                    self._tries[f"behind {step.key}"] = tries = self._tries.get(f"behind {step.key}", 0) + 1
                    if tries > _PATIENCE:
                        raise ChainLost(f"{self.sender.client.origin}: has a receipt of {step.key} but not its event")
                    time.sleep(self.sender.pace.poll_secs)
                    return True
        return False

    def _deep(self) -> tuple[ChainSnapshot, list[str]]:
        """Reads everything recorded; returns the confirmed state, and the keys of steps that have vanished."""
        enough = self.inspector.inspect(known=self._confirmed).number + self.confirmations - 1
        arrivals = BlockArrivals(self.notify, self.sender.pace.stuck_secs)
        head = enough  # first as if there were enough blocks: an earlier run may have awaited them
        while True:
            if head >= enough:
                head = self.inspector.inspect(known=self._confirmed).number
                self._confirmed.clear()
                deep = self.inspector.inspect(max(0, head - self.confirmations + 1))
                if not self._absent(deep):
                    return deep, []
                if vanished := self._absent(self.inspector.inspect()):
                    return deep, vanished
            time.sleep(self.sender.pace.poll_secs)
            head = self.inspector.inspect(known=self._confirmed).number
            arrivals.require(head, f"{self.confirmations} confirmations need block {enough}")

    def _absent(self, snapshot: ChainSnapshot) -> list[str]:
        return [step.key for step in self.plan.steps if step.key in self._reached and not snapshot.is_done(step)]

    def _await(self, waiting: StepWaiting) -> int:
        """Waits until a step is due by the chain's clock or, where blocks come only on demand, by the local clock.

        Returns the number of the latest block.
        """
        announced = waiting.step.key, waiting.due_at  # the reason may be worded anew at each look
        if announced not in self._waited:
            self.notify(f"{waiting.step.key}: due at {utc_text(waiting.due_at)}; waiting")
            self._waited.add(announced)
        time.sleep(self.sender.pace.poll_secs)
        while True:
            snapshot = self.inspector.inspect(known=self._confirmed)
            if self._is_due(snapshot.at, waiting.due_at):
                return snapshot.number
            time.sleep(self.sender.pace.poll_secs)

    def _is_due(self, at: int, due_at: int) -> bool:
        return max(at, int(time.time())) >= due_at

    def _require_free(self, snapshot: ChainSnapshot) -> None:
        wrong = [step.key for step in self.plan.steps if snapshot.found[step.key].state == WRONG]
        if wrong:
            raise DeploymentConflict(f"other code is at the address of: {', '.join(wrong)}")
        if snapshot.taken:
            raise DeploymentConflict("; ".join(snapshot.taken))
