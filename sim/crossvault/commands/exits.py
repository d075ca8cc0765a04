"""The meanings of the exit codes, as the help prints them, and bad usage."""

from __future__ import annotations

from crossvault.differential.ending import (
    DEFECT,
    DISAGREED,
    DONE,
    FAILED,
    INTERRUPTED,
    MISSED,
    MISSING,
    USAGE,
    BadInput,
)

MEANINGS = {
    DONE: "all went well, and every step agreed",
    FAILED: "the sides differ, an invariant broke, or a story went otherwise than its file states",
    USAGE: "bad usage or bad input; the message names file, line and field",
    MISSING: "the environment: a tool is missing, the node was lost, the disk is full, rights are lacking",
    INTERRUPTED: "interrupted; what was recorded until then is kept",
    DISAGREED: "the chain's two engines disagree with each other",
    MISSED: "a threshold was not met, or nothing was judged",
    DEFECT: "a defect of crossvault itself; the message names the file to report",
}


class UsageError(BadInput):
    """Arguments on the command line that have no meaning together; the message names the argument."""
