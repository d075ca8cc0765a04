"""Repro files: a difference that was found once, as a story of few steps by names and decoded arguments.

Steps are written as in a scenario file (`at`, `by`, `do`, `expect`), with the arguments of the door alongside under
the contract's names; amounts are integers in the scale of their name, `2000e18` for many zeros. Numbers of a
struct that are 0 are left out. Every step but the last has the outcome of the model; after the last one both sides are
expected to agree. A vault that is not ours is named under `found`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from crossvault.differential.ending import InputProblem
from crossvault.differential.model import Model
from crossvault.differential.notation import ADDED_FIELDS, Notation, plain
from crossvault.differential.own_code import folders
from crossvault.differential.step import Step, StepStream, TokenSpec, WalletSpec, World
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.mirror import liquidation
from crossvault.scenario.file_part import Count, Date, Decimals, Duration, FilePart, Name
from crossvault.scenario.own_rules_part import own_invariants
from crossvault.scenario.repro_steps import TIMES, WHOLE_NUMBER, expected_refusal, repro_step, struct_values
from crossvault.scenario.source import Route, SourceFile, did_you_mean
from crossvault.scenario.valid import validated

SUFFIX = ".repro.yaml"

_FIRST_TIME = 10**9
_FEWEST_ZEROS = 4
_LONGEST = 10**10
_DEFAULTS = {name: int(text) for each in ADDED_FIELDS.values() for name, text in each.items()}


class VaultPart(FilePart):
    """A vault that is not ours: its contract, the adapter, and the clause of the specification in which it differed."""

    contract: str = ""
    adapter: str = ""
    clause: str = ""


class FindingPart(FilePart):
    """The finding: the step, from 1, the first field that differed, both values, hash of the contracts, the origin.

    against: hash of the older contracts, where two versions differed; `model` is then their value.
    """

    step: Count
    field: str
    chain: Any
    model: Any
    contracts: str = ""
    against: str = ""
    seed: Count = 0
    source: str = ""
    vault: VaultPart | None = None


class TokenPart(FilePart):
    """A token."""

    decimals: Decimals | int
    kind: str = "plain"


class ReproWorldPart(FilePart):
    """The world before the first step, and the order in which the steps list underlyings and collaterals."""

    quote: Name
    owner: Name
    delay: Duration = 0
    tokens: dict[Name, TokenPart]
    wallets: dict[Name, Name] = {}
    auction: dict[str, Any]
    underlyings: list[str] = []
    collaterals: list[str] = []


class ReproPart(FilePart):
    """A repro file."""

    name: Name
    about: str = ""
    found: FindingPart
    starts: Date
    world: ReproWorldPart
    steps: list[dict[str, Any]] = Field(min_length=1)
    invariants: list[str] = []
    persons: dict[Name, Name] = {}


@dataclass(frozen=True, slots=True)
class Repro:
    """A finding to be kept. found: as in the file; refusals: the model's of each step, empty: accepted.

    invariants: those of the user that are checked in it. persons: by owner, the person behind it.
    """

    name: str
    about: str
    found: Mapping[str, Any]
    world: World
    underlyings: tuple[str, ...]
    collaterals: tuple[str, ...]
    steps: tuple[Step, ...]
    refusals: tuple[str, ...]
    invariants: tuple[str, ...] = ()
    persons: Mapping[str, str] = field(default_factory=dict)


def finding(found: Mapping[str, Any]) -> str:
    """The finding as a sentence."""
    side, other = "in the vault" if found.get("vault") else "on the chain", "in the model"
    if found.get("against"):
        side, other = "in the new version", f"in the old one ({str(found['against'])[:12]})"
    contracts = f" (contracts {str(found['contracts'])[:12]})" if found.get("contracts") else ""
    if not found["model"] or found["model"] == "holds":
        return f"step {found['step']}: {found['field']}: {found['chain']}{contracts}"
    values = f"{found['chain']} {side}, {found['model']} {other}"
    return f"step {found['step']}: {found['field']} was {values}{contracts}"


def text(repro: Repro) -> str:
    """A repro as its file."""
    world, starts = repro.world, repro.world.starts_at
    head = {
        "name": repro.name,
        "about": repro.about,
        "found": dict(repro.found),
        "starts": f"{datetime.fromtimestamp(starts, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    ground = {
        "quote": world.quote,
        "owner": world.owner,
        "delay": f"{world.delay_secs}s",
        "tokens": {name: {"decimals": decimals, "kind": kind} for name, decimals, kind in world.tokens},
        "wallets": dict(world.wallets),
        "auction": _written(plain(world.terms), starts),
        "underlyings": list(repro.underlyings),
        "collaterals": list(repro.collaterals),
    }
    lines = [_entry("", name, value) for name, value in head.items()]
    if repro.invariants:
        lines.append(_entry("", "invariants", list(repro.invariants)))
    if repro.persons:
        lines.append(_entry("", "persons", dict(repro.persons)))
    lines += ["world:", *(_entry("  ", name, value) for name, value in ground.items() if value != {}), "steps:"]
    notation = Notation(repro.underlyings, repro.collaterals)
    for number, (step, refusal) in enumerate(zip(repro.steps, repro.refusals, strict=True), start=1):
        line: dict[str, Any] = {"at": f"+{step.at - starts}s", "by": step.sender, "do": step.action.replace("_", " ")}
        line |= _written(notation.step(step)["args"], starts)
        if refusal and number < len(repro.steps):
            line["expect"] = {"refused": refusal}
        first, *rest = [_entry("    ", name, value) for name, value in line.items()]
        lines += ["", f"  -{first[3:]}", *rest] if number == 1 else [f"  -{first[3:]}", *rest]
    return "\n".join(line for line in lines if line) + "\n"


def _entry(indent: str, name: str, value: Any) -> str:
    import yaml

    return indent + yaml.safe_dump({name: value}, default_flow_style=True, width=10**6, sort_keys=False).strip()[1:-1]


def _written(value: Any, starts: int, name: str = "") -> Any:
    """The notation as people write it: words for names, short numbers, times after the start."""
    if isinstance(value, Mapping):
        found = {key: _written(each, starts, key) for key, each in value.items()}
        whole = name in ("", "args")  # of a door every argument is written, of a struct what is no default
        kept = [key for key, each in found.items() if whole or each is False or each != _DEFAULTS.get(key, 0)]
        return {key.replace("_", " "): found[key] for key in kept}
    if isinstance(value, list):
        return [_written(each, starts) for each in value]
    if not isinstance(value, str) or not WHOLE_NUMBER.fullmatch(value):
        return value
    number = int(value)
    if name in TIMES and 0 <= number - starts < _LONGEST and number > _FIRST_TIME:
        return f"+{number - starts}s"
    zeros = len(value) - len(value.rstrip("0"))
    if number == 0 or zeros < _FEWEST_ZEROS:
        return number
    zeros = 18 if 18 <= zeros < 22 else zeros
    return f"{value[:-zeros]}e{zeros}"


def parsed(source: SourceFile) -> Repro:
    """The repro of a file as read. Raises ScenarioError for each field that is wrong."""
    part = validated(source, ReproPart)
    world = _world(source, part)
    notation = Notation(part.world.underlyings, part.world.collaterals)
    steps, expected = [], []
    for number, given in enumerate(part.steps):
        route: Route = ("steps", number)
        if step := repro_step(source, route, given, part.starts, notation):
            steps.append(step)
        expected.append(expected_refusal(source, route, given))
    source.require_no_problems()
    return Repro(
        name=part.name,
        about=part.about,
        found=part.found.model_dump(),
        world=world,
        underlyings=tuple(part.world.underlyings),
        collaterals=tuple(part.world.collaterals),
        steps=tuple(steps),
        refusals=tuple(expected),
        invariants=tuple(part.invariants),
        persons=part.persons,
    )


def story(source: SourceFile, path: Path) -> Story:
    """The story of a repro file as read. Raises ScenarioError for each field that is wrong."""
    repro = parsed(source)
    invariants = own_invariants(source, repro.invariants, folders(path))
    source.require_no_problems()
    where = [source.problem(("steps", number, "expect"), "") for number in range(len(repro.steps))]
    return Story(
        name=repro.name,
        about=repro.about,
        seed=repro.found["seed"],
        hash=hashlib.sha256(json.dumps(source.data).encode()).hexdigest(),
        world=repro.world,
        underlyings=repro.underlyings,
        collaterals=repro.collaterals,
        expected_steps=len(repro.steps),
        steps=partial(_expecting, repro.steps, repro.refusals, where),
        finding=finding(repro.found),
        invariants=invariants,
        persons=repro.persons,
        problem=partial(_problem, source, repro.steps),
    )


def _problem(source: SourceFile, steps: Sequence[Step], step: Step, argument: str, problem: str) -> InputProblem:
    """A problem of an argument, such as `risk.initial_rate`, of one of the steps."""
    number = next(number for number, each in enumerate(steps) if each is step)
    return source.problem(("steps", number, *argument.replace("_", " ").split(".")), problem)


def _expecting(
    steps: Sequence[Step], expected: Sequence[str], where: Sequence[InputProblem], model: Model
) -> StepStream:
    """The steps. Raises ExpectationFailed where the model's outcome of one before the last has changed."""
    for number, step in enumerate(steps):
        outcome = yield step
        came = outcome.refusal.name if outcome.refusal else ""
        if came != expected[number] and number < len(steps) - 1:
            wanted = f"refused: {expected[number]}" if expected[number] else "accepted"
            came = f"expected {wanted}, came {outcome.refusal or 'accepted'}"
            problem = f"{came}: the story no longer leads to what was found"
            raise ExpectationFailed(where[number]._replace(problem=problem))


def _world(source: SourceFile, part: ReproPart) -> World:
    ground = part.world
    if ground.quote not in ground.tokens:
        source.note(("world", "quote"), f"{ground.quote!r}: {did_you_mean(ground.quote, ground.tokens)}")
    terms = struct_values(source, ("world", "auction"), liquidation.AuctionTerms, ground.auction, part.starts)
    source.require_no_problems()
    return World(
        tokens=tuple(TokenSpec(name, each.decimals, each.kind) for name, each in ground.tokens.items()),
        quote=ground.quote,
        owner=ground.owner,
        delay_secs=ground.delay,
        terms=liquidation.AuctionTerms(**{name: int(value) for name, value in terms.items()}),
        starts_at=part.starts,
        wallets=tuple(WalletSpec(*pair) for pair in ground.wallets.items()),
    )
