"""A record replayed on the model: the rows of its tables, step by step, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from crossvault.differential.ending import FailedRun, InputProblem
from crossvault.differential.model import Model
from crossvault.differential.step import LAST_WRITTEN, Outcome
from crossvault.history.account_history import AccountHistory, account_row, vault_figures
from crossvault.history.auction_history import AuctionHistory
from crossvault.history.gain_flows import RunGains, label
from crossvault.history.gain_ledger import GainLedger
from crossvault.history.margin_history import margin_rows
from crossvault.history.payment_history import PaymentHistory
from crossvault.history.position_history import PositionHistory
from crossvault.history.price_history import price_rows
from crossvault.history.recorded_difference import RecordedDifference, first_difference, outcome_difference
from crossvault.history.step_history import Row, event_rows, step_row
from crossvault.history.table_schema import (
    ACCOUNTS,
    AUCTIONS,
    BY_NAME,
    EVENTS,
    GAINS,
    MARGINS,
    PAYMENTS,
    PERSONS,
    POSITIONS,
    PRICES,
    STEPS,
    VAULT,
)
from crossvault.lockstep.record import BadRecord, RecordLine, RecordStream, world_of
from crossvault.mirror import valuation
from crossvault.mirror.account import AccountId

TableRow = tuple[str, Row]


class OtherOutcome(FailedRun):
    """The model gives another outcome of a step than the record has: file, line, field, and both."""


class Playback:
    """A record and a model that plays it.

    stream: the record, with its header, the steps read so far, and how it ends. difference: number of the first step in
    which the sides differ, and where, once it is read.
    """

    def __init__(self, path: Path, tables: Collection[str] = frozenset(BY_NAME)) -> None:
        """Opens a record. Raises BadRecord.

        tables: names of those whose rows are wanted; margins take most of the time.
        """
        self.stream = RecordStream(path)
        self.model = Model(world_of(self.stream.header["world"]))
        self._wanted = frozenset(tables)
        self.difference: tuple[int, RecordedDifference] | None = None
        self._accounts, self._auctions = AccountHistory(self.model), AuctionHistory(self.model)
        self._payments, self._gains = PaymentHistory(self.model), GainLedger()
        self._positions = PositionHistory(self.model, self._payments.book)
        self._vault: Row = ()

    @property
    def quote(self) -> str:
        """The quote token, in which amounts are."""
        return str(self.stream.header["world"]["quote"])

    def rows(self, tick: Callable[[int], None] = lambda steps: None) -> Iterator[TableRow]:
        """Yields the rows of all tables, once, in the order of the steps: the name of a table, values by its columns.

        Amounts are integers in the scale of the column's kind, times unix seconds, and None stands for no value. tick:
        called with the count of steps so far. Raises BadRecord, OtherOutcome.
        """
        for line in self.stream.lines():
            if not 0 <= line.step.at <= LAST_WRITTEN:
                raise BadRecord(
                    InputProblem("expected a time before the year 10000", str(self.stream.path), line.number + 1, "at")
                )
            outcome = self.model.apply(line.step)
            self._require_recorded(line, outcome)
            yield from (each for each in self._step(line, outcome) if each[0] in self._wanted)
            if self._wanted & {PERSONS.name, GAINS.name}:
                self._gains.applied(line.number, line.step, outcome, self.model)
            tick(line.number)
        yield from (each for each in self._gain_rows() if each[0] in self._wanted)

    def gains(self) -> RunGains:
        """Who has gained and who has lost in the steps read so far, where tables of gains are wanted."""
        return self._gains.gains(self.stream.header.get("persons", {}))

    def _gain_rows(self) -> Iterator[TableRow]:
        """The rows of persons and of gains, after the last step."""
        found, end = self.gains(), (self.model.steps, self.model.at)
        for each in found.persons:
            yield PERSONS.name, (*end, *each, each.gain_wad)
        for flow in found.flows:
            sides = (flow.payer.kind, label(flow.payer), flow.payee.kind, label(flow.payee))
            yield GAINS.name, (*end, flow.source, *sides, flow.amount_wad)

    def _require_recorded(self, line: RecordLine, outcome: Outcome) -> None:
        found = outcome_difference(line.body["model"], self.stream.notation.outcome(outcome))
        if found:
            text = f"recorded {found.chain}; the model of this version gives {found.model}"
            raise OtherOutcome(f"{self.stream.path}:{line.number + 1}: step {line.number}: {found.field}: {text}")

    def _step(self, line: RecordLine, outcome: Outcome) -> Iterator[TableRow]:
        number, at = line.number, line.step.at
        found = first_difference(line.body)
        if found and self.difference is None:
            self.difference = number, found
        yield STEPS.name, step_row(line, outcome, found)
        if outcome.refusal:
            return
        for row in event_rows(line, outcome, self.stream.notation):
            yield EVENTS.name, row
        for row in price_rows(line, outcome, self.model):
            yield PRICES.name, row
        for row in self._auctions.rows(number, line.step, outcome):
            yield AUCTIONS.name, row
        if self._wanted & {PAYMENTS.name, POSITIONS.name}:
            for row in self._payments.rows(number, line.step, outcome):
                yield PAYMENTS.name, row
        if self._wanted & {ACCOUNTS.name, POSITIONS.name, MARGINS.name}:
            for account, because in self._accounts.changed(line.step, outcome).items():
                for name, row in self._account(account, because, at):
                    yield name, (number, at, *row)
        figures = vault_figures(self.model, outcome)
        if figures != self._vault:
            self._vault = figures
            yield VAULT.name, (number, at, *figures)

    def _account(self, account: AccountId, because: str, at: int) -> Iterator[TableRow]:
        """The rows of an account, without step and time."""
        book = valuation.book(self.model.vault.ledger, account, now=at)
        yield ACCOUNTS.name, account_row(account, because, at, self.model, book)
        if POSITIONS.name in self._wanted:
            for row in self._positions.rows(account, at):
                yield POSITIONS.name, row
        if MARGINS.name in self._wanted:
            for row in margin_rows(account, at, self.model, book):
                yield MARGINS.name, row


def rows(path: Path, tables: Collection[str] = frozenset(BY_NAME)) -> Iterator[TableRow]:
    """The rows of some tables of a record, as `Playback.rows`. Raises BadRecord, OtherOutcome."""
    return Playback(path, tables).rows()


def line_count(path: Path) -> int:
    """The number of lines of a file, which is about that of the steps of a record; 0 where it cannot be read."""
    try:
        with path.open("rb") as file:
            return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0  # what reads the record states why
