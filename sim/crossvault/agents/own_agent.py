"""Agents of the user: the class that they derive from, the market that they look at, and what lets them act in a story.

class Dip(cv.Agent):
    def __init__(self, below: str) -> None:
        self.below_wad = cv.wad(below)

    def steps(self, market):
        if market.index_wad("ETH") < self.below_wad and not market.size_wad(self.account, "ETH-PERP"):
            yield market.trade("ETH-PERP", cv.wad("1"))
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from crossvault.agents import AgentContext
from crossvault.differential import doors
from crossvault.differential.drive import ENDED, drawn
from crossvault.differential.model import Model
from crossvault.differential.own_code import OwnCode, OwnCodeError, calls, installed, place_of
from crossvault.differential.own_steps import require_step
from crossvault.differential.step import Step, StepStream
from crossvault.differential.suggestion import did_you_mean
from crossvault.differential.vault_state import AccountName, InstrumentName, VaultState
from crossvault.mirror.account import AccountId

GROUP = "crossvault.agents"  # of entry points
MOST_STEPS = 10_000  # of one agent at one moment: more than any story has accounts, and an endless loop ends in seconds


class MarketView(VaultState):
    """The market as an agent sees it at a moment, and the steps that its account can take."""

    def __init__(self, model: Model, at: int, post: AgentContext) -> None:
        super().__init__(model, at)
        self._post = post

    def trade(
        self, instrument: InstrumentName, size_wad: int, price_wad: int | None = None, maker: AccountName | None = None
    ) -> Step:
        """A trade of the own account, at the mark price and with the first maker of the story unless given.

        size_wad: bought above zero, sold below [wad]; price_wad: of one whole unit [wad].
        Raises ValueError where the story has no maker.
        """
        against = self._post.maker if maker is None else self._account(maker)
        if against is None:
            raise ValueError("the story has no maker: give one, or add an actor of 'kind: maker'")
        return doors.trade(
            self.at, self._post.broker, maker=against, taker=self._post.account,
            instrument=self.instrument(instrument), size=size_wad,
            price_wad=self.mark_wad(instrument) if price_wad is None else price_wad,
        )  # fmt: skip

    def deposit(self, amount_raw: int) -> Step:
        """A deposit of quote tokens from the owner's wallet [raw]."""
        return doors.deposit_cash(self.at, self._post.account.owner, account=self._post.account, amount_raw=amount_raw)

    def withdraw(self, amount_raw: int) -> Step:
        """A withdrawal of quote tokens to the owner's wallet [raw]."""
        owner = self._post.account.owner
        return doors.withdraw_cash(self.at, owner, account=self._post.account, amount_raw=amount_raw, to=owner)


class Agent:
    """An agent of the user: a class with `steps`, named in a scenario as `kind: module:Class`.

    Its constructor takes the `settings` of the file by name. Before the first call of `steps` it is given: account, its
    own; targets, all accounts of the story; maker, the first one or None; random, its own numbers, which depend on
    the seed of the story and on the name of the actor alone.
    """

    account: AccountId
    targets: Sequence[AccountId]
    maker: AccountId | None
    random: Random

    def steps(self, market: MarketView) -> Iterable[Step]:
        """The steps of a moment, after the prices and the written steps of it; called at each print and each look.

        A generator is sent the outcome of each step that it yields.
        """
        raise NotImplementedError


class OwnAgent:
    """An agent of the user at its place in a story. Raises OwnCodeError for all that its code does wrong."""

    def __init__(self, code: OwnCode, settings: Mapping[str, Any], post: AgentContext) -> None:
        self._code, self._post, self._agent = code, post, made(code, settings)
        self._agent.account, self._agent.targets, self._agent.maker = post.account, post.targets, post.maker
        self._agent.random = post.random

    def act(self, model: Model, at: int) -> StepStream:
        """Yields the steps of a moment, each checked."""
        with calls(self._code.text):
            found = self._agent.steps(MarketView(model, at, self._post))
        if isinstance(found, Step | str) or not isinstance(found, Iterable):
            hint = "expected steps: `yield` them, or return a list of them"
            raise OwnCodeError(f"{place_of(type(self._agent).steps)}{self._code.text}: steps returns {found!r}: {hint}")
        stream, outcome = iter(found), None
        for _ in range(MOST_STEPS):
            with calls(self._code.text):
                step = drawn(stream, outcome)
            if step is ENDED:
                return
            outcome = yield self._checked(step, model, at, stream)
        place = place_of(type(self._agent).steps)
        raise OwnCodeError(f"{place}{self._code.text}: steps yields more than {MOST_STEPS:,} steps at one moment, {at}")

    def _checked(self, step: object, model: Model, at: int, stream: object) -> Step:
        try:
            return require_step(step, model, at)
        except ValueError as wrong:
            frame = getattr(stream, "gi_frame", None)
            place = place_of(type(self._agent).steps)
            if frame is not None:
                place = f"{place.split(':')[0]}:{frame.f_lineno}: "
            raise OwnCodeError(f"{place}{self._code.text}: {wrong}") from wrong


def made(code: OwnCode, settings: Mapping[str, Any]) -> Agent:
    """An agent with its settings. Raises OwnCodeError."""
    kind = code.load()
    if not (isinstance(kind, type) and callable(getattr(kind, "steps", None))) or kind is Agent:
        raise OwnCodeError(
            f"{place_of(kind)}{code.text}: is {kind!r}: expected a class of cv.Agent with a method `steps`"
        )
    _require_settings(code, kind, settings)
    with calls(code.text):
        agent: Agent = kind(**settings)
    return agent


def of_packages() -> dict[str, OwnCode]:
    """The agents of installed packages, by the kind that a scenario names."""
    return installed(GROUP)


def _require_settings(code: OwnCode, kind: type, settings: Mapping[str, Any]) -> None:
    """Requires a value for each parameter without a default, and none for what is no parameter."""
    parameters = inspect.signature(kind).parameters.values()
    named = [each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for name in settings:
        if name not in named and not takes_all:
            raise OwnCodeError(f"{place_of(kind)}{code.text}: no setting {name!r}: {did_you_mean(name, named)}")
    for each in parameters:
        if each.name in named and each.default is each.empty and each.name not in settings:
            raise OwnCodeError(f"{place_of(kind)}{code.text}: the setting {each.name!r} is missing")
