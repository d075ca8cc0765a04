"""Audits a deployed vault: decodes logs into steps, replays them on the mirror, compares the state at each block."""

from crossvault.differential.callable_room import make_callable

make_callable(__name__, "crossvault.api.audits:audit")
