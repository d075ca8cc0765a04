"""Records of short stories, played on the model and on the contracts in this process."""

from __future__ import annotations

from pathlib import Path

from crossvault.differential.compare import differences
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.record import FAILED, FINISHED, RecordStream, RecordWriter, header, world_of


def recorded(story: Story, path: Path, contracts: Path | None = None, most: int | None = None) -> Path:
    """Records a story to its end, to its first difference or to a number of steps; returns the path."""
    model, chain = Model(story.world), InProcessChain(story.world, contracts)
    try:
        with path.open("w", encoding="utf8") as out:
            writer, how = RecordWriter(out, header(story, chain)), FINISHED
            for number, (step, mine) in enumerate(driven(story.steps(model), model.apply), start=1):
                [other] = chain.play([step])
                writer.compared(number, step, mine, other)
                if differences(other, mine, chain.event_fields()):
                    how = FAILED
                if how == FAILED or number == most:
                    break
            writer.finish(how)
    finally:
        chain.close()
    return path


def differing(path: Path, out: Path) -> int:
    """Writes a record as of contracts that leave one wei more of insurance at a bid, and returns the step, its last."""
    stream = RecordStream(path)
    model = Model(world_of(stream.header["world"]))
    with out.open("w", encoding="utf8") as file:
        writer = RecordWriter(file, stream.header)
        for line in stream.lines():
            outcome = model.apply(line.step)
            if line.step.action != "bid":
                writer.compared(line.number, line.step, outcome, outcome)
                continue
            state = outcome.snapshot.globals._replace(insurance_wad=outcome.snapshot.globals.insurance_wad + 1)
            chain = outcome._replace(snapshot=outcome.snapshot._replace(globals=state))
            writer.compared(line.number, line.step, outcome, chain)
            writer.finish(FAILED)
            return line.number
    raise AssertionError("no bid")
