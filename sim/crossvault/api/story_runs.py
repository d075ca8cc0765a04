"""Stories on the model and the contracts: load, run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crossvault.api.drawing import Drawing
from crossvault.api.result import Result
from crossvault.differential.drive import driven
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.differential.model import Model
from crossvault.differential.own_code import folders
from crossvault.differential.own_rules import OwnInvariant, named, of_packages
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.evm.same_doors import contracts_folder
from crossvault.history.gain_ledger import GainLedger
from crossvault.history.playback import Playback
from crossvault.history.table_schema import BY_NAME
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import OwnInvariants
from crossvault.lockstep import record
from crossvault.lockstep.both_sides import opened, readable
from crossvault.lockstep.run import Broken, Observer, RunResult, run as play
from crossvault.report.console import RunPage
from crossvault.report.frames import decimal_of, frame, frame_of
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_watch import RunWatch
from crossvault.scenario import load
from crossvault.scenario.source import did_you_mean

if TYPE_CHECKING:
    import pandas

Folder = str | PathLike[str] | None
Rules = Iterable[str | Callable[..., object]]

_COLUMNS = ("account", "lowest_health", "peak_leverage", "equity", "isolated_capital", "cross_capital")


class RunOutcome(Result):
    """A story that was played. story, steps, compared, seconds, record (its path, if one was written)."""

    def __init__(self, ran: RunPage) -> None:
        self._ran = ran
        self.story, self.steps, self.compared = ran.story, ran.result.steps, ran.result.compared
        self.seconds = ran.result.seconds
        self.record = Path(ran.record) if ran.record else None

    @property
    def failure(self) -> FailedRun | None:
        """The difference, the broken invariant or the failed expectation that ended the run, if there was one."""
        return self._ran.result.failure

    @property
    def is_equal(self) -> bool | None:
        """Whether every step agreed and no invariant broke; None where nothing was compared."""
        if self.failure is not None:
            return False
        return self.compared == self.steps if self.compared else None

    def to_frame(self, table: str = "") -> pandas.DataFrame:
        """One row per account that had positions: health and leverage at their worst, equity at the end, capital.

        table: instead a table of the record: steps, events, prices, accounts (over time), vault and what else
        docs/tables.md lists. Amounts are in the quote token, exact. Raises BadInput for a table that is not there, or
        without a record.
        """
        if table:
            return recorded_frame(self.record, table)
        watch = self._ran.watch
        rows = []
        for account in watch.lowest_health:
            assert watch.model is not None
            [metrics] = watch.model.metrics([account], watch.ended_at)
            need = watch.capital[account]
            wads = (
                watch.lowest_health[account][0], watch.peak_leverage[account][0], metrics.equity_wad,
                need.isolated_wad, need.cross_wad,
            )  # fmt: skip
            rows.append((str(account), *map(decimal_of, wads)))
        return frame(_COLUMNS, rows)

    def to_dict(self) -> dict[str, Any]:
        """The document of `crossvault run --json`."""
        return document(self._ran)

    def plot(self) -> Drawing:
        """Draws prices, the health of the accounts with the least of it, and the insurance fund over time."""
        from crossvault.report.run_picture import run_picture

        return Drawing(lambda: run_picture(self._ran))

    def _text(self) -> Iterable[Any]:
        return [RunSummary(self._ran)]


def load_scenario(
    name: str | PathLike[str], *, seed: int | None = None, overrides: Mapping[str, str] | None = None
) -> Story:
    """A story from a scenario or repro file, or a shipped scenario by its name.

    seed: instead of the file's. overrides: YAML text by field path, as {"world.auction.fast": "5m"}.
    Raises BadInput with one line for each problem: file, line, field, what was expected.

    >>> load_scenario("quickstart").underlyings
    ('ETH',)
    """
    if seed is not None and (type(seed) is not int or not 0 <= seed < 2**64):
        raise BadInput(f"seed: expected a whole number from 0 to {2**64 - 1:,}, got {seed!r}")
    for path, text in (overrides or {}).items():
        if not isinstance(text, str):
            raise BadInput(f"overrides: {path}: expected YAML text, such as {str(text)!r}, got {text!r}")
    return load(fspath(name), seed, overrides)


def run(
    story: Story | str | PathLike[str],
    *,
    contracts: Folder = None,
    record_to: str | PathLike[str] | None = None,
    invariants: Rules = (),
    chain: bool = True,
) -> RunOutcome:
    """Plays a story on the model and on the contracts, every step compared, to its end or its first failure.

    contracts: a directory of Solidity files instead of the contracts that ship. record_to: a file for its record,
    which `replay` and `to_frame(table)` read. invariants: functions of before, after, step, outcome, or references
    `module:function`. chain: False plays on the model alone, without a node, and compares nothing.

    A difference is a result: `is_equal`, `differences`, `require_equal()`.
    Raises BadInput, BadEnvironment (a missing tool, a lost node), EngineConflict.

    >>> run("quickstart", chain=False).steps
    24
    """
    given = story if isinstance(story, Story) else load_scenario(story)
    if not chain and (contracts is not None or record_to is not None):
        raise BadInput("run: contracts and record_to have no effect with chain=False")
    guard = Judge(own=OwnInvariants((*given.invariants, *rules_of(invariants))), persons=given.persons)
    path = fspath(record_to) if record_to is not None else None
    ran = RunPage(given, RunWatch(), RunResult(), record=path, gains=GainLedger())
    if chain:
        _play_both(ran, contracts_folder(contracts), guard)
    else:
        _play_model(ran, guard)
    ran.failure = str(ran.result.failure) if ran.result.failure else None
    ran.weaknesses = guard.weaknesses()
    return RunOutcome(ran)


def rules_of(invariants: Rules) -> list[OwnInvariant]:
    """Functions and references as invariants, and those of installed packages. Raises OwnCodeError."""
    known, found = of_packages(), list[OwnInvariant]()
    for each in [invariants] if isinstance(invariants, str) else invariants:
        if isinstance(each, str):
            found += named([each], folders(), known)
        elif callable(each):
            found.append(OwnInvariant.of(each))
        else:
            raise BadInput(f"invariants: {each!r}: expected a function, or its reference 'module:function'")
    return [*found, *(OwnInvariant(name, code) for name, code in known.items())]


def _play_both(ran: RunPage, contracts: Path | None, guard: Judge) -> None:
    with opened(ran.story.world, contracts) as (model, chain), _created(ran.record) as out:
        ran.engine, ran.contracts = chain.engine, chain.build.hash
        observers: Sequence[Observer] = ran.observers
        if out is not None:
            writer = record.RecordWriter(out, record.header(ran.story, chain))
            observers = [*ran.observers, writer]
        with readable(contracts):
            ran.result = play(ran.story, model, chain, observers, guard)
        if out is not None:
            writer.finish(record.FAILED if ran.result.failure else record.FINISHED)


def _play_model(ran: RunPage, guard: Judge) -> None:
    """Plays a story on the model alone; nothing is compared."""
    model, result = Model(ran.story.world), ran.result
    ran.is_alone = True

    def played(step: Any) -> Any:
        guard.before(step, model)
        outcome = model.apply(step)
        result.steps += 1
        result.actions[step.action] += 1
        if outcome.refusal:
            result.refusals[outcome.refusal.name] += 1
        for observer in ran.observers:
            observer.applied(result.steps, step, outcome, model)
        guard.after(step, outcome, model)
        return outcome

    try:
        for _ in driven(ran.story.steps(model), played):
            pass
    except (Broken, ExpectationFailed) as failed:
        result.failure = failed


def _created(path: str | None) -> AbstractContextManager[TextIO | None]:
    """A new file for a record, if one is wanted. Raises BadInput."""
    if path is None:
        return nullcontext()
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return Path(path).open("w", encoding="utf8", buffering=1)
    except OSError as wrong:
        raise BadInput(f"record_to: {path} cannot be written: {wrong.strerror}") from wrong


def recorded_frame(path: Path | None, table: str) -> pandas.DataFrame:
    """A table of a record. Raises BadInput."""
    if table not in BY_NAME:
        raise BadInput(f"to_frame: {table!r} is no table: {did_you_mean(table, BY_NAME)}")
    if path is None:
        raise BadInput("to_frame: there is no record: run with record_to='run.jsonl' to have its tables")
    playback = Playback(path, {table})
    rows = (row for name, row in playback.rows() if name == table)
    return frame_of(BY_NAME[table], playback.quote, rows)
