"""A vault on a chain against the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.api.drawing import Drawing
from crossvault.api.result import Result
from crossvault.api.story_runs import Rules, rules_of
from crossvault.audit.account_rows import AccountRow, account_rows
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.checkpoint import Checkpoint
from crossvault.audit.replica import Replica
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import OwnInvariants
from crossvault.report.audit import renderable, verdict
from crossvault.report.bar_picture import bar_picture
from crossvault.report.frames import decimal_of, frame
from crossvault.rpc.client import RpcClient

if TYPE_CHECKING:
    import pandas

_COLUMNS = (
    "account", "equity", "initial_buffer", "maintenance_buffer", "health", "free_collateral", "leverage", "on_sale",
)  # fmt: skip
_ADDRESS_DIGITS, _MOST_BARS = 40, 20


class AuditOutcome(Result):
    """An audit: block, the number of the last compared one; steps, the number of compared steps."""

    def __init__(self, replica: Replica, differs: BlockDiffers | None, seconds: float) -> None:
        self._replica, self._differs, self._seconds = replica, differs, seconds
        self.block, self.steps = replica.block.number, replica.counts.steps

    @property
    def failure(self) -> FailedRun | None:
        """The first difference, or the broken invariant, with its block."""
        return self._differs

    @property
    def is_equal(self) -> bool | None:
        """Whether every block agreed; None where the vault has had no step."""
        if self._differs is not None:
            return False
        return True if self.steps else None

    def to_frame(self) -> pandas.DataFrame:
        """One row per account that holds anything, the least health first, at the last block; exact."""
        return frame(_COLUMNS, map(_row, self._rows()))

    def plot(self) -> Drawing:
        """Draws the maintenance buffer of the accounts with the least health."""
        found = self.to_frame().head(_MOST_BARS).itertuples(index=False)
        values = {row.account: float(row.maintenance_buffer) for row in found}
        about = f"block {self.block:,}: maintenance margin balance less requirement"
        return Drawing(lambda: bar_picture(self._replica.source.vault, about, "quote token", values))

    def _rows(self, top: int = 0) -> list[AccountRow]:
        replica = self._replica
        return account_rows(replica.model, replica.counts.accounts, replica.block.at, top)

    def _text(self) -> Iterable[Any]:
        if self._differs is not None:
            return [str(self._differs)]
        return [verdict(self._replica, self._seconds), *renderable(self._replica, self._rows(20), 20)]


def audit(
    url: str,
    vault: str,
    *,
    names: Mapping[str, str] | None = None,
    until_block: int | None = None,
    checkpoint: str | PathLike[str] | None = None,
    invariants: Rules = (),
) -> AuditOutcome:
    """Rebuilds every step of a vault from its logs, plays it on the model, and compares the state at each block.

    url: of a node; vault: its address; names: addresses by name; until_block: the last one;
    checkpoint: a file of what was compared, to go on from.
    Raises BadInput, BadEnvironment where the node is lost.
    """
    import time

    digits = str(vault).removeprefix("0x").lower()
    if len(digits) != _ADDRESS_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise BadInput(f"vault: {vault!r} is no address: expected 0x and 40 hexadecimal digits")
    try:
        client = RpcClient(url)
    except ValueError as odd:
        raise BadInput(f"url: {odd}") from odd
    kept = Checkpoint(Path(checkpoint)) if checkpoint is not None else None
    replica = Replica(client, "0x" + digits, names=names, checkpoint=kept)
    replica.judge = Judge(OwnInvariants(rules_of(invariants)))
    began, differs = time.monotonic(), None
    try:
        replica.catch_up(until_block)
        replica.compare_all()
    except BlockDiffers as found:
        differs = found
    finally:
        replica.close()
    return AuditOutcome(replica, differs, time.monotonic() - began)


def _row(found: AccountRow) -> tuple[Any, ...]:
    metrics = found.metrics
    wads = (
        metrics.equity_wad, metrics.initial_equity_wad - metrics.initial_requirement_wad,
        metrics.maintenance_equity_wad - metrics.maintenance_requirement_wad, metrics.health_wad,
        metrics.free_collateral_wad, metrics.leverage_wad,
    )  # fmt: skip
    return (str(found.account), *map(decimal_of, wads), found.on_sale)
