"""What of a story's opening is on a deployed vault already, so that it can be put there in several goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import Story
from crossvault.live.live_bindings import LiveBindings
from crossvault.live.preflight import Key, PreparedStory, key
from crossvault.rpc.client import RpcClient

_PAYING = {"deposit_cash": None, "fund_insurance": None, "deposit_collateral": "collateral"}
Holdings = dict[tuple[str, str], int]  # by person and token [raw]


def opening(story: Story) -> list[Step]:
    """The steps that set a story up, as they are on a vault of its own. Raises ExpectationFailed."""
    model, made = Model(story.world), list[Step]()
    steps = PreparedStory(story, {}, leading=False, until=story.opening_steps).steps(model)
    step = next(steps, None)
    while step is not None:
        made.append(step)
        try:
            step = steps.send(model.apply(step))
        except StopIteration:
            break
    return made


def people(step: Step) -> set[str]:
    """The people that a step names."""
    named = {str(step.args[name]) for name in ("to", "operator") if name in step.args}
    return {step.sender, *named, *(account.owner for account in step.accounts())}


def played(history: Iterable[Step], people: Iterable[str]) -> Counter[Key]:
    """What some people did before, prices aside: they are published anew each time."""
    known = set(people)
    return Counter(key(step) for step in history if step.sender in known and not step.action.startswith("publish"))


def missing(owed: Holdings, had: Mapping[tuple[str, str], int]) -> Holdings:
    """What people lack of what a story gives them."""
    return {place: max(0, amount_raw - had.get(place, 0)) for place, amount_raw in owed.items()}


def owed(steps: Iterable[Step], aliases: Mapping[str, str]) -> Holdings:
    """What an opening gives to people."""
    found: Counter[tuple[str, str]] = Counter()
    for step in steps:
        if step.action == "mint":
            to = str(step.args["to"])
            found[aliases.get(to, to), step.args["token"]] += step.args["amount_raw"]
    return dict(found)


def paid(history: Iterable[Step], model: Model) -> Holdings:
    """What people paid into a vault so far."""
    found: Counter[tuple[str, str]] = Counter()
    cash = model.vault.ledger.cash.token
    for step in history:
        if step.action in _PAYING:
            place = _PAYING[step.action]
            token = model.vault.ledger.assets[step.args[place]].token if place else cash
            found[step.sender, token] += step.args["amount_raw"]
    return dict(found)


def held(wire: RpcClient, voice: LiveBindings, places: Iterable[tuple[str, str]]) -> Holdings:
    """What people have of tokens on the chain."""
    asked = list(places)
    calls = [
        ("eth_call", [
            {"to": voice.names.address(token), "data": voice.token.call("balance_of", {"account": person})}, "latest",
        ])
        for person, token in asked
    ]  # fmt: skip
    told = wire.batch(calls)
    return {place: voice.token.result("balance_of", data)[0] for place, data in zip(asked, told, strict=True)}
