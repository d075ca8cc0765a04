"""What a page shows of a record, gathered in one replay: series over time, auctions, accounts at moments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.history.gain_flows import RunGains
from crossvault.history.playback import Playback
from crossvault.history.table_schema import ACCOUNTS, AUCTIONS, PAYMENTS, PERSONS, PRICES, STEPS, VAULT
from crossvault.report.figures import utc
from crossvault.report.page import PagePart
from crossvault.report.page_account import moment_parts
from crossvault.report.page_auctions import AuctionSummary, PaymentKey, add_row, payment_key
from crossvault.report.page_data import ThinnedSeries
from crossvault.report.page_parameters import ParameterTable, parameter_tables
from crossvault.report.page_steps import DifferentField, different_fields
from crossvault.report.page_values import RecordedValues

MOST_MOMENTS = 120  # accounts whose margin is shown in full, at the start of their first auction and at the end
ACCOUNT_STEMS = ("health", "equity", "maintenance_margin_balance", "maintenance_requirement", "initial_requirement")
VAULT_STEMS = ("insurance", "deficit", "supplied", "borrowed")
_TABLES = (STEPS, PRICES, ACCOUNTS, VAULT, AUCTIONS, PAYMENTS, PERSONS)
_WHOLE, _EACH = 240, 40  # intervals of a series of the vault, and of an account

Progress = Callable[[int], None]


class RecordExtent(NamedTuple):
    """How long a record is: lines, the times of the first and last step [unix seconds], the hash of its last line."""

    lines: int
    start: int
    end: int
    last_hash: str


@dataclass(slots=True)
class AccountSeries:
    """An account over time: a series for each of ACCOUNT_STEMS, its last row, and its lowest health with its time."""

    series: dict[str, ThinnedSeries]
    last: tuple[Any, ...] = ()
    lowest: tuple[int, int] | None = None
    moments: list[tuple[str, Sequence[PagePart]]] = field(default_factory=list)


class RunHistory:
    """A record, replayed. Prices, funding, the vault and accounts over time; moments of accounts; the first difference.

    prices: by underlying, kind and expiry. funding: by underlying [wad per 8 hours]. vault: by VAULT_STEMS. gains: of
    persons, at the end.
    """

    def __init__(self, path: Path, progress: Progress, key: str = "step") -> None:
        """Replays a record; `key` is the anchor of its steps. Raises BadRecord, OtherOutcome."""
        self.path, self.key, self.extent = path, key, record_extent(path)
        self.prices: dict[tuple[str, str, int | None], ThinnedSeries] = {}
        self.funding: dict[str, ThinnedSeries] = {}
        self.vault = {stem: self._series(_WHOLE) for stem in VAULT_STEMS}
        self.accounts: dict[str, AccountSeries] = {}
        self.auctions: list[AuctionSummary] = []
        self.payments: dict[PaymentKey, int] = {}
        self.refused, self.gains = 0, RunGains()
        self._on_sale: set[str] = set()
        self._latest: dict[str, AuctionSummary] = {}
        self._playback = Playback(path, {each.name for each in _TABLES})
        self._replay(progress)

    @property
    def header(self) -> Mapping[str, Any]:
        """The header of the record."""
        return self._playback.stream.header

    @property
    def quote(self) -> str:
        """The quote token."""
        return self._playback.quote

    @property
    def steps(self) -> int:
        """The number of steps."""
        return self._playback.stream.steps

    @property
    def end(self) -> str | None:
        """How the run ended; None where the record was cut."""
        return self._playback.stream.end

    @property
    def cut(self) -> str | None:
        """Where the record was cut, if it was."""
        return self._playback.stream.cut

    @property
    def difference(self) -> int | None:
        """The number of the first step in which the sides differ."""
        return self._playback.difference[0] if self._playback.difference else None

    def parameters(self) -> list[ParameterTable]:
        """The parameters in force at the end."""
        return parameter_tables(self._playback.model)

    def _series(self, parts: int) -> ThinnedSeries:
        return ThinnedSeries(self.extent.start, self.extent.end, self.extent.lines, parts)

    def _replay(self, progress: Progress) -> None:
        takes = {PRICES.name: self._price, ACCOUNTS.name: self._account, VAULT.name: self._vault}
        for table, row in self._playback.rows():
            if table in takes:
                takes[table](row)
            elif table == AUCTIONS.name:
                add_row(self.auctions, self._latest, row)
            elif table == PAYMENTS.name:
                key = payment_key(row)
                self.payments[key] = self.payments.get(key, 0) + row[PAYMENTS.place("amount")]
            elif table == STEPS.name:
                self.refused += not row[STEPS.place("accepted")]
                progress(row[0])
        self._finish()

    def _price(self, row: tuple[Any, ...]) -> None:
        step, at, underlying, kind, expiry, price = row[:6]
        self.prices.setdefault((underlying, kind, expiry), self._series(_WHOLE)).add(step, at, price)
        if (rate := row[PRICES.place("funding_rate")]) is not None:
            self.funding.setdefault(underlying, self._series(_WHOLE)).add(step, at, rate)

    def _vault(self, row: tuple[Any, ...]) -> None:
        for stem, series in self.vault.items():
            series.add(row[0], row[1], row[VAULT.place(stem)])

    def _account(self, row: tuple[Any, ...]) -> None:
        step, at, name = row[:3]
        found = self.accounts.get(name)
        if found is None:
            found = self.accounts[name] = AccountSeries({stem: self._series(_EACH) for stem in ACCOUNT_STEMS})
        for stem, series in found.series.items():
            series.add(step, at, row[ACCOUNTS.place(stem)])
        health = row[ACCOUNTS.place("health")]
        if health is not None and (found.lowest is None or health < found.lowest[0]):
            found.lowest = health, at
        found.last = row
        if row[ACCOUNTS.place("on_sale")] and name not in self._on_sale:
            self._on_sale.add(name)
            self._note(name, f"at the start of its first auction: step {step}, {utc(at)} UTC", at)

    def _finish(self) -> None:
        self.gains = self._playback.gains()
        for name, found in sorted(self.accounts.items(), key=lambda each: lowest_health(each[1])):
            if found.last and found.last[ACCOUNTS.place("leverage")] != 0:
                self._note(name, f"at the end: {utc(self.extent.end)} UTC", self.extent.end)

    def _note(self, name: str, label: str, at: int) -> None:
        if sum(len(each.moments) for each in self.accounts.values()) < 2 * MOST_MOMENTS:
            self.accounts[name].moments.append((label, moment_parts(self._playback.model, name, at)))


def lowest_health(found: AccountSeries) -> tuple[bool, int]:
    """An order of accounts: the lowest health first, those that never had a requirement last."""
    return found.lowest is None, found.lowest[0] if found.lowest else 0


def recorded_difference(path: Path, number: int) -> tuple[str, list[DifferentField]]:
    """The text of a step of a record, and all fields in which its sides differ, with all their digits."""
    from crossvault.lockstep.record import RecordStream
    from crossvault.report.step_text import StepFormatter

    stream = RecordStream(path)
    line = next(each for each in stream.lines() if each.number == number)
    return StepFormatter(stream.header).step(line.step), different_fields(line.body, RecordedValues(stream.header))


def record_extent(path: Path) -> RecordExtent:
    """How long a record is, by its first and last lines; what is wrong with it, the replay finds."""
    lines, first, step, last = 0, b"", b"", b""
    try:
        with path.open("rb") as file:
            for last in file:
                lines += 1
                if last.startswith(b'{"n":'):
                    step = last
                    first = first or last
    except OSError:
        return RecordExtent(0, 0, 0, "")
    return RecordExtent(lines, int(_field(first, "at", 0)), int(_field(step, "at", 0)), str(_field(last, "hash", "")))


def _field(line: bytes, name: str, default: Any) -> Any:
    """A field of a line; the default where the line is torn."""
    try:
        return json.loads(line)[name]
    except (ValueError, KeyError, TypeError):
        return default
