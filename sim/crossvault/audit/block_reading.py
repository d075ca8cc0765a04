"""Reading of a chain forward, each block a child of the one before: near the head by hash, else in stretches."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.audit.vault_source import BlockGone, BlockHeader, Log, VaultSource

NEAR = 64  # blocks behind the head that are read individually, by hash
MOST_BLOCKS = 32  # read at once

BlocksWithLogs = list[tuple[BlockHeader, list[Log]]]


def read_blocks(source: VaultSource, after: BlockHeader, target: int, head: int) -> tuple[BlocksWithLogs, BlockHeader]:
    """Returns the next blocks with logs and the last block that was read; all descend from `after`.

    Raises BlockGone where the chain changed meanwhile.
    """
    low = after.number + 1
    if head - low >= NEAR and target - low >= MOST_BLOCKS:
        return _read_far(source, after, low, min(target, head - NEAR))
    numbers = range(low, min(target, low + MOST_BLOCKS - 1) + 1)
    blocks = _present(source.blocks(numbers))
    for before, block in zip([after, *blocks], blocks, strict=False):
        if block.parent != before.hash:
            raise BlockGone(f"block {block.number} does not follow {before.hash}")
    logs = source.block_logs(blocks)
    return [pair for pair in zip(blocks, logs, strict=True) if pair[1]], blocks[-1]


def _read_far(source: VaultSource, after: BlockHeader, low: int, high: int) -> tuple[BlocksWithLogs, BlockHeader]:
    last, logs = source.stretch(low, high)
    by_number: dict[int, list[Log]] = {}
    for log in logs:
        by_number.setdefault(int(log["blockNumber"], 16), []).append(log)
    wanted = sorted({low, last, *by_number})
    blocks = {each.number: each for each in _present(source.blocks(wanted))}
    if blocks[low].parent != after.hash:
        raise BlockGone(f"block {low} does not follow {after.hash}")
    if any(log["blockHash"] != blocks[int(log["blockNumber"], 16)].hash for log in logs):
        raise BlockGone("a block changed while it was read")
    return [(blocks[number], by_number[number]) for number in sorted(by_number)], blocks[last]


def _present(blocks: Sequence[BlockHeader | None]) -> list[BlockHeader]:
    found = [block for block in blocks if block is not None]
    if len(found) < len(blocks):
        raise BlockGone("a block is no longer available")
    return found
