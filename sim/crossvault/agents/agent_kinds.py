"""The agents that an actor of a scenario can have, which the schema of the file and the player both read."""

from __future__ import annotations

from crossvault.agents import AgentKind
from crossvault.agents.liquidator import LIQUIDATOR
from crossvault.agents.trader import TRADER

AGENTS: tuple[AgentKind, ...] = (LIQUIDATOR, TRADER)  # in the order in which those of one actor act
