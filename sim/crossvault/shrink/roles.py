"""Roles of the people of a story: two with different roles are never merged into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from crossvault.differential.step import Step, World, named

OWNER, GUARDIAN, FEEDER = "owner", "guardian", "feeder"
LIQUIDATOR, TRADER = "liquidator", "trader"  # an operator acts for traders, and may be one of them
OF_THE_VAULT = frozenset({OWNER, GUARDIAN, FEEDER})

_NAMED = {
    "set_guardian": ("to", GUARDIAN),
    "schedule_guardian": ("to", GUARDIAN),
    "set_feeder": ("feeder", FEEDER),
    "schedule_feeder": ("feeder", FEEDER),
}


def roles(steps: Sequence[Step], world: World) -> Mapping[str, frozenset[str]]:
    """The roles of each person that has one: of the vault, of a sale, or of an account."""
    found: dict[str, set[str]] = defaultdict(set)
    found[world.owner].add(OWNER)
    for step in steps:
        if step.action in _NAMED:
            argument, role = _NAMED[step.action]
            found[step.args[argument]].add(role)
        if step.action.startswith("publish_"):
            found[step.sender].add(FEEDER)
        if step.action == "bid":
            found[step.sender].add(LIQUIDATOR)
    for account in named(steps):
        found[account.owner].add(TRADER)
    return {person: frozenset(each) for person, each in found.items()}


def is_mergeable(old: frozenset[str], new: frozenset[str]) -> bool:
    """Whether one person may take another's place: of the same roles, or with none outside of the vault's own."""
    return old == new or (not old and not new & OF_THE_VAULT)
