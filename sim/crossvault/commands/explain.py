"""`crossvault explain`: one step of a record on both sides (before, after, the margin arithmetic, the calls), or an
account of it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from crossvault.commands.argument_kinds import number
from crossvault.commands.exits import UsageError
from crossvault.commands.explain_account import explain_account
from crossvault.commands.sides import folder, opened, readable, shown
from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.ending import DONE, FAILED, USAGE, BrokenInvariant
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, named
from crossvault.evm.chain import Chain
from crossvault.history.recorded_account import require_account
from crossvault.history.recorded_difference import unshown_difference
from crossvault.judge.judge import Judge
from crossvault.lockstep import record
from crossvault.lockstep.record import Record
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.mirror.valuation import Metrics, book
from crossvault.report.console import show
from crossvault.report.explain import StepExplanation, document, text
from crossvault.report.explain_margin import MarginStatement, margin_statement, statement_context
from crossvault.report.explain_state import description, rows
from crossvault.report.explain_trace import trace


def explain(arguments: Namespace) -> int:
    """Explains a step or an account; ends with FAILED when the sides differ in the step or before it."""
    read = record.read(Path(shown(arguments.record)))
    account = _account(read, arguments.subject)
    if account is not None:
        return explain_account(arguments, read, account)
    place = _number(arguments, read)
    contracts = folder(arguments.contracts)
    with opened(read.story().world, contracts) as (model, chain), readable(contracts):
        found = _explained(read, place, model, chain)
    if arguments.json:
        print(json.dumps({**document(found), "cut": read.cut}, indent=2))
    else:
        show(text(found))
    if read.cut:
        print(f"crossvault: {read.cut}", file=sys.stderr)
    if found.differences or found.earlier or found.broken:
        return FAILED
    if noted := unshown_difference(read, place):
        print(f"crossvault: {noted}", file=sys.stderr)
        return FAILED
    return USAGE if read.cut else DONE


def _account(read: Record, subject: str) -> AccountId | None:
    """The account that is named; none for the number of a step, unless an account has that name."""
    is_number = subject.isascii() and subject.isdecimal()
    if is_number and subject not in map(str, named(read.steps)):
        return None
    return require_account(read, subject)


def _number(arguments: Namespace, read: Record) -> int:
    """The number of a step of a record. Raises UsageError."""
    for name in ("at", "save"):
        if getattr(arguments, name) is not None:
            raise UsageError(f"--{name}: has an effect only with an ACCOUNT")
    try:
        found = number("step")(arguments.subject)
    except ArgumentTypeError as wrong:
        raise UsageError(f"STEP: {wrong}") from None
    if not 1 <= found <= len(read.steps):
        raise UsageError(f"STEP: the record has the steps 1 to {len(read.steps)}, got {found}")
    return found


def _explained(read: Record, place: int, model: Model, chain: Chain) -> StepExplanation:
    step, fields = read.steps[place - 1], chain.event_fields()
    judge = Judge(persons=read.story().persons)
    earlier = _earlier(read.steps[: place - 1], model, chain, judge)
    accounts = step.accounts()
    standing = Outcome(None, (), model.snapshot(accounts))
    metrics_before = model.metrics(accounts, step.at)
    before = _described(model, step, standing, metrics_before)
    attempted = _attempted(model, accounts, step)
    calls = trace(chain, step)
    judge = replace(judge, how="strict")
    judge.before(step, model)
    outcome, [played] = model.apply(step), chain.play([step])
    broken = _broken(judge, step, outcome, model)
    metrics = model.metrics(accounts, step.at)
    found = differences(played, outcome, fields)
    found += _metric_differences(accounts, chain.metrics(accounts, step.at), metrics)
    after = _described(model, step, outcome, metrics)
    return StepExplanation(
        read, place, step, outcome, played, fields, calls, found, earlier,
        {account: rows(before[account], after[account]) for account in accounts},
        dict(zip(accounts, zip(metrics_before, metrics, strict=True), strict=True)), attempted, broken,
    )  # fmt: skip


def _attempted(model: Model, accounts: Sequence[AccountId], step: Step) -> dict[AccountId, list[MarginStatement]]:
    """The margin of the accounts as the step leaves it, or as it stood where the step was refused; taken back again."""
    with suppress(Refusal):
        model.call(step)
    found = {account: _statements(model, account, step.at) for account in accounts}
    model.journal.undo()
    return found


def _earlier(steps: Sequence[Step], model: Model, chain: Chain, judge: Judge) -> str | None:
    """The first difference, or else the first broken rule, in the steps before, if there is one."""
    fields, broken = chain.event_fields(), ""
    for place, (step, other) in enumerate(zip(steps, chain.play(steps), strict=True), start=1):
        judge.before(step, model)
        mine = model.apply(step)
        if found := differences(other, mine, fields):
            return f"the sides differ already at step {place}: {found[0]}"
        if not broken and (rule := _broken(judge, step, mine, model)):
            broken = f"a rule is broken already at step {place}: {rule}"
    return broken or None


def _broken(judge: Judge, step: Step, outcome: Outcome, model: Model) -> BrokenInvariant | None:
    """The rule that a step breaks."""
    try:
        judge.after(step, outcome, model)
    except BrokenInvariant as broken:
        return broken
    return None


def _described(
    model: Model, step: Step, outcome: Outcome, metrics: Sequence[Metrics]
) -> dict[AccountId, dict[str, str]]:
    states = zip(step.accounts(), outcome.snapshot.accounts, metrics, strict=True)
    return {account: description(model, state, each, step.at) for account, state, each in states}


def _statements(model: Model, account: AccountId, at: int) -> list[MarginStatement]:
    ledger = model.vault.ledger
    valued, context = book(ledger, account, now=at), statement_context(ledger, account, at)
    return [margin_statement(valued, level, context) for level in Level]


def _metric_differences(
    accounts: Sequence[AccountId], chain: Sequence[Metrics], model: Sequence[Metrics]
) -> list[Difference]:
    triples = zip(accounts, chain, model, strict=True)
    return [found for account, mine, other in triples for found in value_differences(f"{account}.metrics", mine, other)]
