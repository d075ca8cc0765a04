"""Loads scenarios: returns the story of a YAML file, or raises an error that names every invalid line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossvault.agents.own_agent import of_packages
from crossvault.differential import own_code
from crossvault.differential.ending import InputProblem
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.mirror import liquidation
from crossvault.scenario import agent_settings, data_file, own_values, play, prices, quantity, repro, roster
from crossvault.scenario.own_rules_part import own_invariants
from crossvault.scenario.persons import persons_of
from crossvault.scenario.play import StepSchedule
from crossvault.scenario.prices import Print
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.schema import schema_of
from crossvault.scenario.script import PricePart, Script
from crossvault.scenario.source import Route, ScenarioError, SourceFile, did_you_mean, field_path, read, replacement
from crossvault.scenario.valid import validated

__all__ = [
    "ExpectationFailed",
    "ScenarioError",
    "Story",
    "attacks",
    "json_schema",
    "load",
    "names",
    "shipped",
    "weakened",
]

_SHIPPED = Path(__file__).parent.parent / "scenarios"
_SUFFIX = ".scenario.yaml"
_STEP = re.compile(r"\[([0-9]+)\]")


def names() -> list[str]:
    """Names of the shipped scenarios, but for those of attacks."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in _SHIPPED.glob(f"*{_SUFFIX}"))


def attacks() -> list[str]:
    """Names of the shipped stories of attacks that the vault withstands, and of their honest likenesses."""
    return sorted(f"attacks/{path.name.removesuffix(_SUFFIX)}" for path in _SHIPPED.glob(f"attacks/*{_SUFFIX}"))


def weakened() -> list[str]:
    """Names of the shipped stories of attacks with a parameter weakened, in which the loss happens."""
    found = _SHIPPED.glob(f"attacks/weak/*{_SUFFIX}")
    return sorted(f"attacks/weak/{path.name.removesuffix(_SUFFIX)}" for path in found)


def shipped() -> list[str]:
    """Names of all scenarios that ship."""
    return [*names(), *attacks(), *weakened()]


def load(path_or_name: str, seed: int | None = None, overrides: Mapping[str, str] | None = None) -> Story:
    """Returns the story of a scenario or repro file, or of a shipped scenario by name. Raises ScenarioError.

    overrides: YAML text by field path, such as `world.underlyings.ETH.initial margin`; it replaces the field.
    """
    path = _find(path_or_name)
    source = read(path, path_or_name if path_or_name.endswith((".yaml", ".yml")) else f"{path_or_name}{_SUFFIX}")
    original = json.dumps(source.data)
    for route, text in (overrides or {}).items():
        _override(source, route, text)
    source.require_no_problems()
    if path.name.endswith(repro.SUFFIX):
        return repro.story(source, path)
    script, table = _script(source)
    seed = script.seed if seed is None else seed
    prints, digests, warnings = _prints(source, script, path)
    folders = own_code.folders(path)
    schedule = StepSchedule(script, table, source, seed, prints, folders)
    digests |= _validate_agents(source, table, folders)
    invariants = own_invariants(source, script.invariants, folders)
    digests |= {rule.name: rule.code.digest() for rule in invariants}
    source.require_no_problems()
    content = json.dumps([original, digests, dict(overrides or {}), seed])
    return Story(
        name=script.name,
        about=script.about.strip(),
        seed=seed,
        hash=hashlib.sha256(content.encode()).hexdigest(),
        world=schedule.world(),
        underlyings=table.underlyings,
        collaterals=table.collaterals,
        expected_steps=schedule.expected_steps(),
        steps=schedule.steps,
        opening_steps=len(schedule.opening.steps),
        ends_at=schedule.ends_at,
        warnings=tuple(warnings),
        invariants=invariants,
        persons=persons_of(script),
    )


def _script(source: SourceFile) -> tuple[Script, NameTable]:
    """The script of a file and its names. Raises ScenarioError."""
    script = validated(source, Script)
    table = NameTable(script)
    for where, problem in table.problems():
        source.note(where, problem)
    with source.guard(("world", "auction")):
        roster.require(liquidation.require_valid, roster.auction(script.world.auction))
    source.require_no_problems()
    return script, table


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files, for editors; with the kinds of agents that installed packages offer."""
    schema = schema_of(Script, "scenario")
    schema["$defs"]["ActorPart"]["properties"]["kind"]["anyOf"][0]["enum"] += list(of_packages())
    return schema


def _find(path_or_name: str) -> Path:
    if path_or_name in shipped():
        return _SHIPPED / f"{path_or_name}{_SUFFIX}"
    path = Path(path_or_name)
    if path.is_file():
        return path
    if path_or_name.endswith((".yaml", ".yml")):
        raise ScenarioError(InputProblem("there is no such file", path_or_name))
    raise ScenarioError(f"{path_or_name}: there is no such scenario: {did_you_mean(path_or_name, shipped())}")


def _override(source: SourceFile, path: str, text: str) -> None:
    route: Route = ()
    at = source.data
    *outer, last = _STEP.sub(r".\1", path).split(".")
    shown = f"--set {path}={text}"
    for name in (*outer, last):
        inside = dict(enumerate(at)) if isinstance(at, list) else at if isinstance(at, dict) else {}
        key = int(name) if isinstance(at, list) and name.isdecimal() else name
        is_last = len(route) == len(outer)
        if key not in inside and not (is_last and isinstance(at, dict)):
            known = did_you_mean(name, [str(each) for each in inside])
            raise ScenarioError(
                InputProblem(f"unknown name {name!r}: {known}", field=field_path(route), argument=shown)
            )
        if is_last:
            at[key] = replacement(source, (*route, key), text, shown)
            return
        route, at = (*route, key), inside[key]


def _prints(source: SourceFile, script: Script, path: Path) -> tuple[dict[str, list[Print]], dict[str, str], list[str]]:
    """The prices of every underlying, the digest of every data file, and warnings of what is missing in them."""
    found: dict[str, list[Print]] = {}
    digests: dict[str, str] = {}
    warnings: list[str] = []
    for name, part in script.prices.items():
        route: Route = ("prices", name)
        for field, problem in own_values.published(part):
            source.note((*route, *field), problem)
        try:
            found[name], missing = _prints_of(script, part, path, digests)
            warnings += [f"{source.where((*route, 'file'))}: prices.{name}.file: {part.file}: {gap}" for gap in missing]
            if not found[name] or found[name][0].at != script.starts:
                first = f"the first is {found[name][0].at - script.starts} s later" if found[name] else "there are none"
                raise ValueError(f"expected a price at the start of the story; {first}")
        except FieldError as error:
            source.note((*route, *error.route), str(error))
        except ValueError as error:
            source.note((*route, "file") if part.file else route, str(error))
    source.require_no_problems()
    return {name: found[name] for name in script.world.underlyings if name in found}, digests, warnings


def _prints_of(script: Script, part: PricePart, path: Path, digests: dict[str, str]) -> tuple[list[Print], list[str]]:
    if part.at is not None:
        return _prints_at(script, part.at), []
    if part.file is None:
        return play.prints_of(part, script, []), []
    data = data_file.located(part.file, path)
    if part.file not in digests:
        with data.open("rb") as file:
            digests[part.file] = hashlib.file_digest(file, "sha256").hexdigest()
    series = prices.bars(data, {str(name): text for name, text in part.where.items()})
    return play.prints_of(part, script, series), prices.gaps(series, *play.span(part, script))


def _prints_at(script: Script, written: Mapping[str, int]) -> list[Print]:
    found: list[Print] = []
    for text, price_wad in written.items():
        try:
            at = quantity.moment(text).at(script.starts)
        except ValueError as error:
            raise FieldError("at", str(error)) from None
        if found and at <= found[-1].at:
            raise FieldError("at", f"{text!r} does not come after the price above")
        found.append(Print(at, price_wad))
    return found


def _validate_agents(source: SourceFile, table: roster.NameTable, folders: tuple[str, ...]) -> dict[str, str]:
    """Notes what is wrong with agents; returns a hash of the code of each of the user's, by its actor."""
    digests = {}
    for name, actor in table.script.actors.items():
        for kind, part in agent_settings.written(actor):
            with source.guard(("actors", name, kind.key)):
                agent_settings.settings(table, kind, part)
        with source.guard(("actors", name)):
            digests[f"actors.{name}"] = agent_settings.require_own(actor, folders)
    return {name: digest for name, digest in digests.items() if digest}
