"""The agents of a script: the settings of each as numbers, and the agents that its actors have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from crossvault.agents import ActingAgent, AgentContext, AgentKind
from crossvault.agents.agent_kinds import AGENTS
from crossvault.agents.own_agent import OwnAgent, made, of_packages
from crossvault.differential.own_code import OwnCode, OwnCodeError
from crossvault.mirror.fixed import WAD
from crossvault.scenario import parameter_fields
from crossvault.scenario.agent_parts import PARTS
from crossvault.scenario.file_part import FilePart
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.script import KINDS, ActorPart


def agents(names: NameTable, seed: int, folders: tuple[str, ...] = ()) -> Iterator[ActingAgent]:
    """The agents of all actors, in the order in which they act. Raises FieldError, OwnCodeError.

    folders: where modules of the user's agents are looked for first.
    """
    broker, targets = names.roles.broker, tuple(names.accounts.values())
    for name, actor in names.script.actors.items():
        for kind, part in written(actor):
            random = Random(f"{seed}/{name}{kind.stream}")
            post = AgentContext(names.accounts[name], names.first_maker(name), broker, targets, random)
            yield kind.make(post, settings(names, kind, part))
        if code := own_code(actor, folders):
            post = AgentContext(
                names.accounts[name], names.first_maker(name), broker, targets, Random(f"{seed}/{name}/own")
            )
            yield OwnAgent(code, own_settings(actor), post)


def own_code(actor: ActorPart, folders: tuple[str, ...]) -> OwnCode | None:
    """The code of the user's agent that an actor has, if it has one."""
    if actor.kind in KINDS:
        return None
    return OwnCode(actor.kind, folders) if ":" in actor.kind else of_packages()[actor.kind]


def own_settings(actor: ActorPart) -> dict[str, Any]:
    """The settings of the user's agent by the names of its parameters, as the file writes them."""
    return {name.replace(" ", "_"): value for name, value in actor.settings.items()}


def require_own(actor: ActorPart, folders: tuple[str, ...]) -> str:
    """Requires the user's agent of an actor to be there and to take its settings. Returns a hash of it, or nothing.

    Raises FieldError.
    """
    code = own_code(actor, folders)
    if code is None and actor.settings:
        raise FieldError("settings", f"are for an agent of your own: expected 'kind: module:Class', not {actor.kind!r}")
    if code is None:
        return ""
    try:
        made(code, own_settings(actor))
        return code.digest()
    except OwnCodeError as wrong:
        raise FieldError("kind", str(wrong)) from wrong


def written(actor: ActorPart) -> Iterator[tuple[AgentKind, FilePart]]:
    """The kinds of agents that an actor has, with the settings of each as the file writes them, or its defaults."""
    for kind in AGENTS:
        part: FilePart | None = getattr(actor, kind.key)
        if part is not None or actor.kind == kind.role:
            yield kind, part or PARTS[kind.key]()


def settings(names: NameTable, kind: AgentKind, part: FilePart) -> dict[str, Any]:
    """Settings as numbers. Raises FieldError."""
    return {each.key: _number(names, each.kind, each.key, getattr(part, each.key)) for each in kind.settings}


def chances(actors: Iterable[ActorPart]) -> int:
    """Steps that the agents of actors are expected to yield at a moment [wad], but for those without a chance."""
    return sum(getattr(part, "chance", 0) for actor in actors for _, part in written(actor))


def _number(names: NameTable, kind: str, key: str, value: Any) -> Any:
    if kind == "sizes":
        return {names.instrument(key, name): abs(names.size(key, most, name)) for name, most in value.items()}
    if kind == "ratio" and value > WAD:
        raise FieldError(key, parameter_fields.out_of_range(value, 0, WAD))
    if kind != "cash":
        return value
    if value is not None and value.unit != names.quote:
        raise FieldError(key, f"'{value}': expected {names.quote}")
    return names.raw(key, value) if value else 0
