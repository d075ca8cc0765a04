"""Persons of a scenario: the owners that belong together, so that no one of them gains by what the others lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crossvault.differential.step import account_id
from crossvault.scenario.script import Script


def persons_of(script: Script) -> Mapping[str, str]:
    """The person behind each owner that an actor gives one; any other owner is its own person."""
    return {account_id(name).owner: actor.person for name, actor in script.actors.items() if actor.person}


def problems(script: Script) -> Iterator[tuple[tuple[str, ...], str]]:
    """Owners with two persons, and persons who belong to another, each with its field."""
    found = persons_of(script)
    for name, actor in script.actors.items():
        if not actor.person:
            continue
        route, owner = ("actors", name, "person"), account_id(name).owner
        if found[owner] != actor.person:
            yield route, f"{owner} belongs to {found[owner]!r} in another account: expected one person of an owner"
        elif actor.person != owner and found.get(actor.person, actor.person) != actor.person:
            whole = found[actor.person]
            yield route, f"{actor.person!r} belongs to {whole!r} itself: write {whole!r}"
