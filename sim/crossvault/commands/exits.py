"""The meanings of the exit codes, as the help prints them, and bad usage."""

from __future__ import annotations

from crossvault.differential.ending import DISAGREED, DONE, FAILED, INTERRUPTED, MISSED, MISSING, USAGE, BadInput

MEANINGS = {
    DONE: "all went well, and every step agreed",
    FAILED: "the sides differ, an invariant broke, or a story went otherwise than its file states",
    USAGE: "bad usage or bad input; the message names file, line and field",
    MISSING: "the environment: a tool is missing, or the node was lost",
    INTERRUPTED: "interrupted; what was recorded until then is kept",
    DISAGREED: "the chain's two engines disagree with each other",
    MISSED: "a threshold was not met",
}


class UsageError(BadInput):
    """Arguments on the command line that have no meaning together; the message names the argument."""
