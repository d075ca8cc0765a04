"""Progress of a story's opening on a deployed vault, so that several runs can complete it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Action, Step
from crossvault.differential.story import Story
from crossvault.live.live_bindings import LiveBindings
from crossvault.live.preflight import Key, PreparedStory, key
from crossvault.rpc.client import RpcClient

_PAYING: Mapping[Action, str | None] = {
    "deposit_cash": None, "fund_insurance": None, "deposit_collateral": "collateral",
}  # fmt: skip
Holdings = dict[tuple[str, str], int]  # by name and token [raw]


def opening(story: Story) -> list[Step]:
    """The opening steps of a story on a fresh vault. Raises ExpectationFailed."""
    model = Model(story.world)
    steps = PreparedStory(story, {}, leading=False, until=story.opening_steps).steps(model)
    return [step for step, _ in driven(steps, model.apply)]


def people(step: Step) -> set[str]:
    """The account names in a step."""
    named = {str(step.args[name]) for name in ("to", "operator") if name in step.args}
    return {step.sender, *named, *(account.owner for account in step.accounts())}


def played(history: Iterable[Step], names: Iterable[str]) -> Counter[Key]:
    """Counts of earlier steps by their senders; prices are excluded, since they are published again each time."""
    known = set(names)
    return Counter(key(step) for step in history if step.sender in known and not step.action.startswith("publish"))


def missing(owed: Holdings, had: Mapping[tuple[str, str], int]) -> Holdings:
    """Token amounts that a story mints and the accounts lack."""
    return {place: max(0, amount_raw - had.get(place, 0)) for place, amount_raw in owed.items()}


def owed(steps: Iterable[Step], aliases: Mapping[str, str]) -> Holdings:
    """Token amounts that an opening mints."""
    found: Counter[tuple[str, str]] = Counter()
    for step in steps:
        if step.action == "mint":
            to = str(step.args["to"])
            found[aliases.get(to, to), step.args["token"]] += step.args["amount_raw"]
    return dict(found)


def paid(history: Iterable[Step], model: Model) -> Holdings:
    """Token amounts that accounts have paid into a vault."""
    found: Counter[tuple[str, str]] = Counter()
    cash = model.vault.ledger.cash.token
    for step in history:
        if step.action in _PAYING:
            place = _PAYING[step.action]
            token = model.vault.ledger.assets[step.args[place]].token if place else cash
            found[step.sender, token] += step.args["amount_raw"]
    return dict(found)


def held(client: RpcClient, bindings: LiveBindings, places: Iterable[tuple[str, str]]) -> Holdings:
    """Token balances of accounts on the chain."""
    pairs = list(places)
    data = [bindings.token.call("balance_of", {"account": person}) for person, _ in pairs]
    targets = [bindings.names.address(token) for _, token in pairs]
    calls = [("eth_call", [{"to": to, "data": each}, "latest"]) for to, each in zip(targets, data, strict=True)]
    results = client.batch(calls)
    return {place: bindings.token.result("balance_of", data)[0] for place, data in zip(pairs, results, strict=True)}
