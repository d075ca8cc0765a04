"""Audits a deployed vault: decodes logs into steps, replays them on the mirror, compares the state at each block."""
