"""The invariants of the user that hold in a command: those of its arguments, and those of installed packages."""

from __future__ import annotations

import shlex
from argparse import Namespace

from crossvault.commands.exits import UsageError
from crossvault.differential import own_rules
from crossvault.differential.own_code import OwnCodeError, folders
from crossvault.differential.own_rules import OwnInvariant
from crossvault.setup.notices import detail


def chosen(arguments: Namespace) -> tuple[OwnInvariant, ...]:
    """The invariants of `--invariant` and of installed packages, each loaded. Raises UsageError, OwnCodeError."""
    known = own_rules.of_packages()
    try:
        given = own_rules.named(arguments.invariants, folders(), known)
    except OwnCodeError as wrong:
        raise UsageError(f"--invariant: {wrong}") from wrong
    found = (*given, *own_rules.named(tuple(known), (), known))
    for rule in found:
        detail(f"invariant {rule.name}: {rule.code.text}")
    return found


def again(arguments: Namespace) -> str:
    """The arguments that name the same invariants once more."""
    return "".join(f" --invariant {shlex.quote(each)}" for each in arguments.invariants)
