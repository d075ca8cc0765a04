"""A deployment being done: survey, write down, send, settle, survey again, until all of it stands and is deep enough.

Beginning and resuming are the same: the first missing step is sent with the nonce that the account had at the block
where the step was seen missing. Whoever else sends with that account uses the nonce up, or is kept from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from crossvault.deployment.blueprint import ACCEPT, Blueprint, DeploymentStep
from crossvault.deployment.journal import DONE, Journal, again
from crossvault.deployment.onchain import WRONG, ChainInspector, ChainSnapshot
from crossvault.differential.ending import FailedRun
from crossvault.evm.anvil import ChainLost, ChainRefused
from crossvault.rpc.transactions import Receipt, SignedTransaction, Superseded, TransactionSender
from crossvault.scenario.owner_calls import ENACT

_MOST_TRIES = 5
_MOST_ROUNDS = 20
_NOT_YET = ("StalePrice", "TooEarly")
_PATIENCE = 10

Said = Callable[[str], None]


class StepFailed(FailedRun):
    """A step reverted, or would: which, and what the chain says."""


class Conflict(FailedRun):
    """Something stands where a step of this deployment should."""


class _NonceAhead(Exception):
    """A transaction waits for others of its account, which a reorganisation has taken away."""


class Waiting(NamedTuple):
    """A step that cannot happen yet: why, and when at the earliest [unix seconds]; 0: nobody knows."""

    step: DeploymentStep
    why: str
    due_at: int


class ApplyResult(NamedTuple):
    """What a deployment came to, as it stands with enough confirmations."""

    survey: ChainSnapshot
    waiting: Waiting | None


def moment(at: int) -> str:
    """A time as people write it, in UTC. at: [unix seconds]."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass
class DeploymentApply:
    """The way of a deployment onto a chain. said: hears each thing that people should know; tick: how much is done."""

    plan: Blueprint
    surveyor: ChainInspector
    courier: TransactionSender
    journal: Journal
    confirmations: int = 1
    wait: bool = False
    said: Said = lambda text: None
    tick: Callable[[int], None] = lambda done: None
    _known: set[str] = field(default_factory=set)
    _reached: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _seen: ChainSnapshot | None = None
    _overtaken: dict[str, float] = field(default_factory=dict)
    _waited: list[Waiting] = field(default_factory=list)

    def run(self, only: Callable[[DeploymentStep], bool] = lambda step: step.action != ACCEPT) -> ApplyResult:
        """Does what is missing. only: which steps. Raises StepFailed, Conflict, TooDear, ChainLost, ChainRefused."""
        rounds = 0
        while rounds < _MOST_ROUNDS:
            waiting = self._advance(only)
            if waiting and self.wait and waiting.due_at:
                self._await(waiting)
                continue
            deep, vanished = self._deep()
            if not vanished:
                return ApplyResult(deep, waiting)
            self.said(f"{vanished[0]}: is not there any more (a reorganisation); doing it again")
            rounds += 1
        raise StepFailed(f"after {_MOST_ROUNDS} rounds steps still vanish: the chain does not keep what it took")

    def _advance(self, only: Callable[[DeploymentStep], bool]) -> Waiting | None:
        """Does steps until none is missing, or one cannot happen yet."""
        while True:
            survey = self._look()
            self._require_free(survey)
            self._known |= {step.key for step in self.plan.steps if step.makes and survey.is_done(step)}
            self._close_ends(survey)
            self._reached = {step.key for step in self.plan.steps if survey.is_done(step)}
            left = [step for step in self.plan.steps if only(step) and not survey.is_done(step)]
            self.tick(len(self.plan.steps) - len(left))
            if not left:
                return None
            step = left[0]
            if self._is_behind(step):
                continue
            due_at = survey.found[step.key].due_at
            if step.action.startswith(ENACT) and not self._is_due(survey.at, due_at):
                return Waiting(step, "announced", due_at)
            if refused := self._do(step, survey):
                return Waiting(step, refused, due_at)

    def _look(self) -> ChainSnapshot:
        """What stands now; what was known before is known no more when the block of that time is another one."""
        if self._seen and self._known:
            block = self.courier.client.rpc("eth_getBlockByNumber", hex(self._seen.number), False)
            if block is None or block["hash"] != self._seen.hash:
                self._known.clear()
        self._seen = self.surveyor.look(known=self._known)
        return self._seen

    def _do(self, step: DeploymentStep, survey: ChainSnapshot) -> str:
        """Sends a step once; answers what it waits for, if it cannot happen yet."""
        self._tries[step.key] = self._tries.get(step.key, 0) + 1
        if self._tries[step.key] > _MOST_TRIES:
            raise StepFailed(f"{step.key}: was tried {_MOST_TRIES} times and is still missing")
        nonce = survey.nonce if step.by == self.plan.deployer else self.courier.nonce("latest")
        try:
            prepared = self._prepared(step, nonce)
        except ChainRefused as refused:
            return self._refused(step, survey, refused)
        if not any(line["transaction"] == prepared.hash for line in self.journal.sent(step.hash)):
            self.journal.sending(step.key, step.hash, prepared)
        try:
            self.courier.post(prepared)
            receipt = self.courier.confirm(prepared, 1, lambda dearer: self._dearer(step, dearer))
        except Superseded:
            self._superseded(step, prepared)
            return ""
        except _NonceAhead:
            self.said(f"{step.key}: what came before it is not there any more (a reorganisation); looking again")
            self._known.clear()
            return ""
        self._settled(step, receipt)
        return ""

    def _dearer(self, step: DeploymentStep, dearer: SignedTransaction) -> None:
        """Notes a dearer version before it is sent; where an earlier nonce became free, no price would help."""
        if self.courier.nonce("latest") < dearer.nonce:
            raise _NonceAhead
        self.journal.sending(step.key, step.hash, dearer)

    def _prepared(self, step: DeploymentStep, nonce: int) -> SignedTransaction:
        """The transaction of a step: the one that was noted with that nonce, or a new one."""
        for line in reversed(self.journal.sent(step.hash)):
            if line["nonce"] == nonce:
                signed = self.courier.signed(again(line, step.to, step.data))
                if signed.hash == line["transaction"]:
                    self.said(f"{step.key}: was about to be sent before; sending the same again")
                    return signed
        return self.courier.prepare(step.to, step.data, nonce=nonce)

    def _settled(self, step: DeploymentStep, receipt: Receipt) -> None:
        silent = receipt.accepted and bool(step.event) and not self.surveyor.tells(step, receipt.logs)
        self.journal.settled(step.key, step.hash, receipt, silent)
        if silent:  # the code that it needs was taken away before it came: a call to no code is accepted
            self.said(f"{step.key}: was accepted and did nothing; looking again")
            self._known.clear()
            return
        if receipt.accepted:
            if step.makes:
                self._known.add(step.key)
            return
        if not self.surveyor.look().is_done(step):  # somebody else may have been faster
            raise StepFailed(f"{step.key}: reverted in transaction {receipt.hash}: {self._reason(step)}")

    def _superseded(self, step: DeploymentStep, prepared: SignedTransaction) -> None:
        """Notes the end of a nonce: an older version of the same call took it, or something else did."""
        for line in self.journal.sent(step.hash):
            if line["nonce"] == prepared.nonce and (receipt := self.courier.receipt(line["transaction"])):
                self._settled(step, receipt)
                return
        self.journal.lost(step.key, step.hash, prepared)
        self.said(f"{step.key}: nonce {prepared.nonce} was used by another transaction; looking again")

    def _refused(self, step: DeploymentStep, survey: ChainSnapshot, refused: ChainRefused) -> str:
        """What a step waits for; nothing when it was done meanwhile. Raises StepFailed."""
        now = self.surveyor.look()
        vanished = [each for each in self.plan.steps if survey.is_done(each) and not now.is_done(each)]
        if now.is_done(step) or vanished:
            self._known -= {each.key for each in vanished}
            return ""
        reason = self._said_by(refused)
        if reason.startswith(_NOT_YET):
            del self._tries[step.key]
            return reason
        # nodes judge a call after those that wait: another machine's may be the one that it collides with
        if self.courier.nonce() > self.courier.nonce("latest") and self._is_patient(step):
            return ""
        if step.by == self.plan.deployer and self.courier.nonce("latest") != survey.nonce:  # it came while we looked
            self._tries.pop(step.key, None)
            return ""
        raise StepFailed(f"{step.key}: would revert: {reason}") from None

    def _is_patient(self, step: DeploymentStep) -> bool:
        """Waits a little for other transactions of the account; not for ever."""
        if step.key not in self._overtaken:
            self._overtaken[step.key] = time.monotonic()
            self.said(f"{step.key}: another transaction of {step.by} is on its way; waiting for it")
        time.sleep(self.courier.pace.poll_secs)
        del self._tries[step.key]
        return time.monotonic() - self._overtaken[step.key] < _PATIENCE * self.courier.pace.stuck_secs

    def _reason(self, step: DeploymentStep) -> str:
        try:
            self.courier.estimate(step.to, step.data)
        except ChainRefused as refused:
            return self._said_by(refused)
        return "asked again, it would be accepted: resume"

    def _said_by(self, refused: ChainRefused) -> str:
        data = refused.data if isinstance(refused.data, str) and refused.data.startswith("0x") else ""
        return str(self.plan.speech.vault.refusal(data)) if len(data) >= 10 else refused.message

    def _close_ends(self, survey: ChainSnapshot) -> None:
        """Notes what became of transactions that were noted before they were sent and have no end yet."""
        for line in self.journal.open_ends():
            step = self.plan.step(line["step"])
            if step is None or line["nonce"] >= survey.nonce or step.by != self.plan.deployer:
                continue
            versions = [each for each in self.journal.sent(step.hash) if each["nonce"] == line["nonce"]]
            receipts = filter(None, (self.courier.receipt(each["transaction"]) for each in versions))
            if (receipt := next(receipts, None)) is not None:
                silent = receipt.accepted and bool(step.event) and not self.surveyor.tells(step, receipt.logs)
                self.journal.settled(step.key, step.hash, receipt, silent)
            elif self.courier.nonce("latest") > line["nonce"]:
                self.journal.lost(step.key, step.hash, again(line, step.to, step.data))
                self.said(f"{step.key}: nonce {line['nonce']} was used by another transaction")

    def _is_behind(self, step: DeploymentStep) -> bool:
        """Whether the endpoint shows a step as missing whose transaction, it says, stands: it must catch up first."""
        for line in self.journal.lines:
            if line.get("hash") == step.hash and line["kind"] == DONE and not step.makes:
                receipt = self.courier.receipt(line["transaction"])
                if receipt and receipt.accepted:
                    self._tries[f"behind {step.key}"] = tries = self._tries.get(f"behind {step.key}", 0) + 1
                    if tries > _PATIENCE:
                        raise ChainLost(f"{self.courier.client.origin}: has a receipt of {step.key} but not its event")
                    time.sleep(self.courier.pace.poll_secs)
                    return True
        return False

    def _deep(self) -> tuple[ChainSnapshot, list[str]]:
        """What stands under enough blocks, and what does not stand at all any more; everything is read again."""
        enough = self.surveyor.look(known=self._known).number + self.confirmations - 1
        while True:
            head = self.surveyor.look(known=self._known).number
            if head >= enough:
                self._known.clear()
                deep = self.surveyor.look(max(0, head - self.confirmations + 1))
                if not self._absent(deep):
                    return deep, []
                if vanished := self._absent(self.surveyor.look()):
                    return deep, vanished
            time.sleep(self.courier.pace.poll_secs)

    def _absent(self, survey: ChainSnapshot) -> list[str]:
        return [step.key for step in self.plan.steps if step.key in self._reached and not survey.is_done(step)]

    def _await(self, waiting: Waiting) -> None:
        """Waits until a step may be due, by the chain's clock or, where no block comes by itself, by ours."""
        if waiting not in self._waited:
            self.said(f"{waiting.step.key}: due at {moment(waiting.due_at)}; waiting")
            self._waited.append(waiting)
        time.sleep(self.courier.pace.poll_secs)
        while not self._is_due(self.surveyor.look(known=self._known).at, waiting.due_at):
            time.sleep(self.courier.pace.poll_secs)

    def _is_due(self, at: int, due_at: int) -> bool:
        return max(at, int(time.time())) >= due_at

    def _require_free(self, survey: ChainSnapshot) -> None:
        wrong = [step.key for step in self.plan.steps if survey.found[step.key].state == WRONG]
        if wrong:
            raise Conflict(f"other code stands at the address of: {', '.join(wrong)}")
        if survey.taken:
            raise Conflict("; ".join(survey.taken))
