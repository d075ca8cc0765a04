"""The model of a vault on a chain, and the tokens around it: blocks are played on it, and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from crossvault.audit.block_comparison import Answers, BlockDiffers, BlockSteps
from crossvault.audit.checkpoint import BadCheckpoint, CheckpointBlock
from crossvault.audit.log_steps import AuditedStep, DecodedLog, NotUnderstood, Tokens, formed, steps_of
from crossvault.audit.undo_history import UndoHistory
from crossvault.audit.vault_source import BlockHeader, Log, VaultSource
from crossvault.differential import doors
from crossvault.differential.compare import Difference
from crossvault.differential.compare import differences as outcome_differences
from crossvault.differential.model import Model, ModelToken
from crossvault.differential.step import VAULT, Event, Outcome, Snapshot, Step, TokenSpec, World
from crossvault.mirror.evm import ZERO_ADDRESS
from crossvault.mirror.lens import Globals
from crossvault.mirror.liquidation import AuctionTerms

_NO_STATE: Any = Snapshot((), ())  # type: ignore[arg-type]  # compared at the end of a block
_PAYING = ("deposit_cash", "deposit_collateral", "fund_insurance")


class StepObserver:
    """Whoever wants to know of steps, and knows more of some than the vault's logs tell."""

    def known(self, transaction: str) -> Step | None:
        """The step that a transaction makes, where it is known: logs do not tell of the exchange."""
        return None

    def played(self, seen: AuditedStep, outcome: Outcome) -> None:
        """The model has executed a step, and did what the chain did."""

    def went_back(self, number: int) -> None:
        """Everything after a block was taken back, before the blocks that came instead are played."""


class ChainFollower:
    """A model that follows a chain. world: what there was before the first step."""

    def __init__(
        self, opened: BlockHeader, event: Event, source: VaultSource, most: int, witness: StepObserver | None = None
    ) -> None:
        """event: what the vault told when it was opened; most: blocks with steps that can be taken back."""
        self._witness = witness
        _, owner, quote, decimals, delay_secs, terms = event.values
        spec = TokenSpec(quote, decimals)
        self.world = World((spec,), quote, owner, delay_secs, formed(AuctionTerms, terms), opened.at)
        self._journal = UndoHistory(most)
        self.model = Model(self.world, self._journal)
        self._journal.mark(opened.number - 1)
        self._source = source
        self._telling: set[str] = set()
        self._untold: dict[str, int] = {}
        self._before = opened.number - 1

    def play(
        self, block: BlockHeader, logs: Sequence[Log], before: int
    ) -> tuple[CheckpointBlock, tuple[AuditedStep, ...]]:
        """Plays the steps of a block, so many after the opening, and compares what they did. Raises Differs."""
        heard = [self._source.heard(log) for log in logs]
        telling = tuple(dict.fromkeys(each.token for each in heard if each.token and each.token not in self._telling))
        listed = dict(_listed(heard))
        self._meet(telling, listed)
        seen: list[AuditedStep] = []
        try:
            for each in self._given_before(block, listed):
                seen.append(each)
                self.model.execute(each.step)
            for each in self._known(steps_of(heard, block.at, self._tokens(), self._source.fields), block.at):
                seen.append(each)
                self._step(block, each, before + len(seen))
        except NotUnderstood as odd:
            raise BlockDiffers(block, None, 0, [Difference("events", str(odd), "no such event")]) from odd
        self._journal.mark(block.number)
        return CheckpointBlock(block, tuple(each.step for each in seen), listed, telling), tuple(seen)

    def replay(self, entry: CheckpointBlock) -> None:
        """Plays the steps of a block that was compared once. Raises BadCheckpoint where the model refuses one."""
        self._meet(entry.telling, entry.decimals)
        for step in entry.steps:
            self._pay(step)
            refusal, _ = self.model.execute(step)
            if refusal:
                where = f"block {entry.block.number}, {step.action} by {step.sender}"
                raise BadCheckpoint(f"{where}: the model refuses it now ({refusal}): delete the checkpoint")
        self._journal.mark(entry.block.number)

    def unheard(self, step: Step, number: int) -> Outcome:
        """Plays a step that the vault does not tell of; it is taken back with the block of a number."""
        outcome = self.model.apply(step)
        self._journal.mark(number)
        return outcome

    def reaches(self, number: int) -> bool:
        """Whether the model can go back to a block."""
        return self._journal.reaches(number)

    def back(self, number: int) -> None:
        """Takes back every block after a number."""
        self._journal.back(number)

    def less_gifts(self, told: Answers, each: BlockSteps) -> Answers:
        """What the chain says, less what tokens that tell nothing brought to the vault unasked.

        Nobody tells of such a gift but the balance: what is held may exceed what doors took in, and never fall below.
        """
        shared = told.snapshot.globals
        if not isinstance(shared, Globals):
            return told
        mine = each.snapshot.globals
        tokens = [self.world.quote, *(asset.token for asset in self.model.vault.ledger.assets)]
        held, ours = [shared.cash_held_raw, *shared.held_raw], [mine.cash_held_raw, *mine.held_raw]
        for place, (token, theirs) in enumerate(zip(tokens, held, strict=False)):
            if token not in self._telling and place < len(ours):
                self._untold[token] = max(self._untold.get(token, 0), theirs - ours[place])
                held[place] = theirs - self._untold[token]
        changed = shared._replace(cash_held_raw=held[0], held_raw=tuple(held[1:]))
        return told._replace(snapshot=told.snapshot._replace(globals=changed))

    def _given_before(self, block: BlockHeader, listed: Mapping[str, int]) -> Iterator[AuditedStep]:
        """What the vault's address had been given of tokens before the vault was there, as they come into play."""
        if self._before < 0:
            return
        opens = block.number == self._before + 1
        for token in (*([self.world.quote] if opens else []), *listed):
            if amount_raw := self._source.held(token, self._before):
                yield AuditedStep(doors.mint(block.at, ZERO_ADDRESS, token=token, to=VAULT, amount_raw=amount_raw), "")

    def _step(self, block: BlockHeader, seen: AuditedStep, number: int) -> None:
        self._pay(seen.step)
        refusal, done = self.model.execute(seen.step)
        events = tuple(each for each in done if each.name in self._source.fields)  # the exchange speaks elsewhere
        if refusal or events != seen.events:
            chain, model = Outcome(None, seen.events, _NO_STATE), Outcome(refusal, events, _NO_STATE)
            found = outcome_differences(chain, model, self._source.fields)
            raise BlockDiffers(block, seen, number, found)
        if self._witness:
            self._witness.played(seen, Outcome(None, done, self.model.snapshot(seen.step.accounts())))

    def _known(self, steps: Iterator[AuditedStep], at: int) -> Iterator[AuditedStep]:
        """Steps as whoever sent them knows them, and the others as the logs tell them."""
        for transaction, group in groupby(steps, key=lambda seen: seen.transaction):
            told = list(group)
            step = self._witness.known(transaction) if self._witness else None
            if step is None:
                yield from told
            else:
                events = tuple(event for seen in told for event in seen.events)
                yield AuditedStep(replace(step, at=at), transaction, events)

    def _tokens(self) -> Tokens:
        return Tokens(self.world.quote, [asset.token for asset in self.model.vault.ledger.assets])

    def _meet(self, telling: Sequence[str], decimals: Mapping[str, int]) -> None:
        """Makes tokens that were not heard of, and notes the decimals of those that are listed."""
        self._telling.update(telling)
        tokens: Any = self.model.tokens
        for name in (*telling, *decimals):
            if name not in tokens:
                tokens[name] = ModelToken(TokenSpec(name, 0), self._journal)
        for name, number in decimals.items():
            tokens[name].spec = TokenSpec(name, number)

    def _pay(self, step: Step) -> None:
        """Gives payers what they are about to pay: where they have it from is no affair of the vault."""
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


def _listed(heard: Sequence[DecodedLog]) -> Iterator[tuple[str, int]]:
    """The tokens that a block lists as collateral, with their decimals."""
    for each in heard:
        if each.event.name == "CollateralListed":
            _, token, _, _, decimals, _ = each.event.values
            yield token, decimals
