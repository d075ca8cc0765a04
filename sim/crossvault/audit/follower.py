"""Replays blocks on a model of the vault and its tokens, and rolls them back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from crossvault.audit.block_comparison import BlockDiffers, BlockSteps, ChainState
from crossvault.audit.checkpoint import BadCheckpoint, CheckpointBlock
from crossvault.audit.log_steps import AuditedStep, DecodedLog, Tokens, UnknownLog, formed, since_opening, steps_of
from crossvault.audit.undo_history import UndoHistory
from crossvault.audit.vault_source import BlockHeader, Log, VaultSource
from crossvault.differential import doors
from crossvault.differential.compare import Difference, differences as outcome_differences
from crossvault.differential.model import Model, ModelToken
from crossvault.differential.step import VAULT, Action, Event, Outcome, Snapshot, Step, TokenSpec, World
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.mirror.evm import ZERO_ADDRESS
from crossvault.mirror.lens import Globals
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.shrink.rule_trial import broken_rule

_NO_STATE: Any = Snapshot((), ())  # type: ignore[arg-type]  # compared at the end of a block
_PAYING: tuple[Action, ...] = ("deposit_cash", "deposit_collateral", "fund_insurance")


class StepObserver:
    """Observer of replayed steps, which may supply steps that the vault's logs do not contain."""

    def known(self, transaction: str) -> Step | None:
        """The step that a transaction executes, if known: the vault's logs omit calls to the exchange."""
        return None

    def played(self, seen: AuditedStep, outcome: Outcome) -> None:
        """Called after the model has executed a step and agrees with the chain."""

    def went_back(self, number: int) -> None:
        """Called after a rollback to a block, before the replacement blocks are replayed."""


class ChainFollower:
    """A model that follows a chain. world: the state before the first step."""

    def __init__(
        self, opened: BlockHeader, event: Event, source: VaultSource, most: int,
        observer: StepObserver | None = None, judge: Judge | None = None,
    ) -> None:  # fmt: skip
        """event: the opening event of the vault; most: number of blocks that can be rolled back.

        judge: of every step; none is off.
        """
        self._observer, self._judge = observer, (judge or Judge(how="off")).copied()
        self._judged: deque[tuple[int, Judge]] = deque([(opened.number - 1, self._judge.copied())], most)
        _, owner, quote, decimals, delay_secs, terms = event.values
        spec = TokenSpec(quote, decimals)
        self.world = World((spec,), quote, owner, delay_secs, formed(AuctionTerms, terms), opened.at)
        self._journal = UndoHistory(most)
        self.model = Model(self.world, self._journal)
        self._journal.mark(opened.number - 1)
        self._source = source
        self._emitting: set[str] = set()
        self._unlogged_raw: dict[str, int] = {}
        self._before = opened.number - 1

    def play(
        self, block: BlockHeader, logs: Sequence[Log], before: int
    ) -> tuple[CheckpointBlock, tuple[AuditedStep, ...]]:
        """Replays the steps of a block, `before` steps after the opening, and compares events. Raises BlockDiffers."""
        decoded = [self._source.decoded(log) for log in logs]
        if block.number == self._before + 1:
            decoded = list(since_opening(decoded))
        emitting = tuple(
            dict.fromkeys(each.token for each in decoded if each.token and each.token not in self._emitting)
        )
        listed = dict(_listed(decoded))
        self._add_tokens(emitting, listed)
        seen: list[AuditedStep] = []
        try:
            for each in self._prior_gifts(block, listed):
                seen.append(each)
                self._gift(block, each, before + len(seen))
            for each in self._with_sent_steps(
                steps_of(decoded, block.at, self._tokens(), self._source.fields), block.at
            ):
                seen.append(each)
                self._step(block, each, before + len(seen))
        except UnknownLog as odd:
            raise BlockDiffers(block, None, 0, [Difference("events", str(odd), "no such event")]) from odd
        self._mark(block.number)
        return CheckpointBlock(block, tuple(each.step for each in seen), listed, emitting), tuple(seen)

    def replay(self, entry: CheckpointBlock, before: int = 0) -> None:
        """Replays the steps of a block from a checkpoint, `before` steps after the opening.

        Raises BadCheckpoint where the model refuses one, and BlockDiffers for a broken rule.
        """
        self._add_tokens(entry.emitting, entry.decimals)
        for number, step in enumerate(entry.steps, before + 1):
            self._fund_payers(step)
            self._judge.before(step, self.model)
            refusal, done = self.model.execute(step)
            if refusal:
                where = f"block {entry.block.number}, {step.action} by {step.sender}"
                raise BadCheckpoint(f"{where}: is refused by the model ({refusal}): delete the checkpoint")
            self._require_rules(entry.block, AuditedStep(step, ""), number, done)
        self._mark(entry.block.number)

    def replay_unlogged(self, step: Step, number: int) -> Outcome:
        """Replays a step that leaves no log of the vault; it rolls back with the block of that number."""
        self._judge.before(step, self.model)
        outcome = self.model.apply(step)
        self._judge.after(step, outcome, self.model)
        self._mark(number)
        return outcome

    def weaknesses(self) -> dict[str, tuple[int, int]]:
        """Known weaknesses that were met so far, by the rule that each breaks: how often, and the money moved [wad]."""
        return self._judge.weaknesses()

    def reaches(self, number: int) -> bool:
        """Whether the undo history reaches back to a block."""
        return self._journal.reaches(number)

    def back(self, number: int) -> None:
        """Rolls back every block after a number."""
        self._journal.back(number)
        while self._judged[-1][0] > number:
            self._judged.pop()
        self._judge = self._judged[-1][1].copied()

    def _mark(self, number: int) -> None:
        """Ends a block of that number."""
        self._journal.mark(number)
        self._judged.append((number, self._judge if self._judge.is_idle else self._judge.copied()))

    def _gift(self, block: BlockHeader, seen: AuditedStep, number: int) -> None:
        """Executes a step that the chain's history begins with. Raises BlockDiffers."""
        self._judge.before(seen.step, self.model)
        _, done = self.model.execute(seen.step)
        self._require_rules(block, seen, number, done)

    def without_gifts(self, state: ChainState, each: BlockSteps) -> ChainState:
        """Returns the chain's state less the unlogged gifts of tokens that emit no Transfer logs.

        Such a gift shows only in the balance, which may exceed the tracked holdings and never falls below them.
        """
        shared = state.snapshot.globals
        if not isinstance(shared, Globals):
            return state
        mine = each.snapshot.globals
        tokens = [self.world.quote, *(asset.token for asset in self.model.vault.ledger.assets)]
        held, ours = [shared.cash_held_raw, *shared.held_raw], [mine.cash_held_raw, *mine.held_raw]
        for place, (token, theirs) in enumerate(zip(tokens, held, strict=False)):
            if token not in self._emitting and place < len(ours):
                self._unlogged_raw[token] = max(self._unlogged_raw.get(token, 0), theirs - ours[place])
                held[place] = theirs - self._unlogged_raw[token]
        changed = shared._replace(cash_held_raw=held[0], held_raw=tuple(held[1:]))
        return state._replace(snapshot=state.snapshot._replace(globals=changed))

    def _prior_gifts(self, block: BlockHeader, listed: Mapping[str, int]) -> Iterator[AuditedStep]:
        """Yields the mints that restore the token balances which the vault's address held before its deployment."""
        if self._before < 0:
            return
        opens = block.number == self._before + 1
        for token in (*([self.world.quote] if opens else []), *listed):
            if amount_raw := self._source.balance_raw(token, self._before):
                yield AuditedStep(doors.mint(block.at, ZERO_ADDRESS, token=token, to=VAULT, amount_raw=amount_raw), "")

    def _step(self, block: BlockHeader, seen: AuditedStep, number: int) -> None:
        self._fund_payers(seen.step)
        self._judge.before(seen.step, self.model)
        refusal, done = self.model.execute(seen.step)
        # the exchange emits from its own address
        events = tuple(self._as_read(each) for each in done if each.name in self._source.fields)
        if refusal or events != seen.events:
            chain, model = Outcome(None, seen.events, _NO_STATE), Outcome(refusal, events, _NO_STATE)
            found = outcome_differences(chain, model, self._source.fields)
            raise BlockDiffers(block, seen, number, found)
        self._require_rules(block, seen, number, done)
        if self._observer:
            self._observer.played(seen, Outcome(None, done, self.model.snapshot(seen.step.accounts())))

    def _as_read(self, event: Event) -> Event:
        """An event of the model as the vault's interface has it."""
        return self._source.form.event(event) if self._source.form else event

    def _require_rules(self, block: BlockHeader, seen: AuditedStep, number: int, done: tuple[Event, ...]) -> None:
        """Checks the rules after a step. Raises BlockDiffers."""
        if self._judge.is_idle:
            return
        try:
            outcome = Outcome(None, done, self.model.snapshot(seen.step.accounts()))
            self._judge.after(seen.step, outcome, self.model)
        except BrokenInvariant as broken:
            raise BlockDiffers(block, seen, number, [broken_rule(broken)]) from broken

    def _with_sent_steps(self, steps: Iterator[AuditedStep], at: int) -> Iterator[AuditedStep]:
        """Yields the sender's own version of steps that it knows, and the decoded version of all others."""
        for transaction, group in groupby(steps, key=lambda seen: seen.transaction):
            decoded = list(group)
            step = self._observer.known(transaction) if self._observer else None
            if step is None:
                yield from decoded
            else:
                events = tuple(event for seen in decoded for event in seen.events)
                yield AuditedStep(replace(step, at=at), transaction, events)

    def _tokens(self) -> Tokens:
        return Tokens(self.world.quote, [asset.token for asset in self.model.vault.ledger.assets])

    def _add_tokens(self, emitting: Sequence[str], decimals: Mapping[str, int]) -> None:
        """Adds tokens on first sight, and records the decimals of newly listed ones."""
        self._emitting.update(emitting)
        tokens: Any = self.model.tokens
        for name in (*emitting, *decimals):
            if name not in tokens:
                tokens[name] = ModelToken(TokenSpec(name, 0), self._journal)
        for name, number in decimals.items():
            tokens[name].spec = TokenSpec(name, number)

    def _fund_payers(self, step: Step) -> None:
        """Mints what the payers are about to pay: the audit does not track token balances outside the vault."""
        calls = step.args["calls"] if step.action == "batch" else [step]
        tokens = self._tokens()
        due: Counter[str] = Counter()
        for call in calls:
            if call.action in _PAYING:
                due[tokens.of(call.action, call.args)] += call.args["amount_raw"]
        for token, amount_raw in due.items():
            lacking = amount_raw - self.model.tokens[token].balance_of(step.sender) if token in self.model.tokens else 0
            if lacking > 0:
                self.model.tokens[token].mint(step.sender, lacking)


def _listed(logs: Sequence[DecodedLog]) -> Iterator[tuple[str, int]]:
    """Yields the tokens that a block lists as collateral, with their decimals."""
    for each in logs:
        if each.event.name == "CollateralListed":
            _, token, _, _, decimals, _ = each.event.values
            yield token, decimals
