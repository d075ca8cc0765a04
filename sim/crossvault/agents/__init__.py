"""Roles that act in a story by a rule: agents read the model's state and yield steps; the same seed, the same steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Literal, NamedTuple, Protocol

from crossvault.differential.model import Model
from crossvault.differential.step import StepStream
from crossvault.mirror.account import AccountId

REQUIRED = ...  # the default of a setting that a file must give


class ActingAgent(Protocol):
    """A role that acts: at every print it reads a model to which all steps before were applied."""

    def act(self, model: Model, at: int) -> StepStream:
        """Yields its steps of a moment [unix seconds], and is sent the outcome of each."""
        ...


class AgentContext(NamedTuple):
    """Where an agent acts. targets: all accounts of the story; broker: sender of trades; random: its own numbers."""

    account: AccountId
    maker: AccountId | None
    broker: str
    targets: Sequence[AccountId]
    random: Random


class AgentSetting(NamedTuple):
    """One key of an agent's settings in a file, and its value when the file gives none.

    ratio: a number [wad]; cash: an amount of quote [raw], 0 without; sizes: largest size of each instrument [wad].
    A setting `chance` is how often the agent acts.
    """

    key: str
    kind: Literal["ratio", "cash", "sizes", "flag"]
    default: Any = REQUIRED


class AgentKind(NamedTuple):
    """A kind of agent: the key of an actor that holds its settings, and how one is made of them.

    schema: name and description of the settings in the schema of the file; role: the actors that have such an agent
    without settings; stream: ends the seed of its random numbers, so that no other agent of the actor draws from them.
    """

    key: str
    schema: tuple[str, str]
    settings: Sequence[AgentSetting]
    make: Callable[[AgentContext, Mapping[str, Any]], ActingAgent]
    stream: str
    role: str | None = None
