"""The settings of agents as a scenario file writes them: one part for each kind of agent."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from crossvault.agents import AgentKind
from crossvault.agents.agent_kinds import AGENTS
from crossvault.scenario.file_part import Amount, FilePart, Ratio

_WRITTEN: dict[str, Any] = {"ratio": Ratio, "cash": Amount | None, "sizes": dict[str, Amount], "flag": bool}


def _part(kind: AgentKind) -> type[FilePart]:
    name, about = kind.schema
    fields: dict[str, Any] = {each.key: (_WRITTEN[each.kind], each.default) for each in kind.settings}
    return create_model(name, __base__=FilePart, __doc__=about, __module__=__name__, **fields)


PARTS = {kind.key: _part(kind) for kind in AGENTS}
ROLES = tuple(kind.role for kind in AGENTS if kind.role)
