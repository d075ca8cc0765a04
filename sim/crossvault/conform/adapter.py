"""An adapter: a YAML file with the deployment of a foreign vault, the names of its doors, and its capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossvault.conform.adapter_calls import AdapterCall, phrase
from crossvault.conform.capability import NAMES
from crossvault.conform.figures import BY_NAME
from crossvault.differential.step import DOORS
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk
from crossvault.scenario.source import Route, ScenarioError, SourceFile, did_you_mean, read

EXACT, NAMED, ACCEPTED = "exact", "names", "accepted"
REFUSALS = (EXACT, NAMED, ACCEPTED)
ASSUMED = "assumed"
FACETS = "facets"  # an argument of the vault's constructor: the contracts of its interface with their selectors
_FIELDS = ("about", "deploy", "constructor", "interface", "capabilities", "doors", "figures", "refusals", "events",
           "fixed", "remappings")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExtraContract:
    """A contract that is deployed alongside the vault: before it, or after it when its arguments name it."""

    name: str
    path: Path
    contract: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Adapter:
    """The contents of an adapter; with an empty one the vault has our interface.

    doors: by our name, a call, None for none, or `assumed`: the model alone plays it.
    fixed: values that the vault knows only one of, by `risk` and `auction`.
    """

    source: SourceFile = field(default_factory=lambda: SourceFile("no adapter"))
    about: str = ""
    deploy: tuple[ExtraContract, ...] = ()
    constructor: tuple[str, ...] | None = None
    interface: tuple[str, ...] = ()
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    doors: Mapping[str, AdapterCall | str | None] = field(default_factory=dict)
    figures: Mapping[str, AdapterCall | None] = field(default_factory=dict)
    refusals: str = ""
    events: bool = True
    fixed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    remappings: Mapping[str, Path] = field(default_factory=dict)


def load(path: Path, shown: str) -> Adapter:
    """Reads the adapter in a file. Raises ScenarioError with line and field of all that is wrong."""
    source = read(path, shown)
    if not isinstance(source.data, dict):
        raise ScenarioError(source.problem((), f"expected a mapping with {', '.join(_FIELDS)}"))
    reader = _AdapterReader(source, path.parent)
    for key in source.data:
        if key not in _FIELDS:
            source.note((key,), f"unknown field: {did_you_mean(key, _FIELDS)}")
    adapter = Adapter(
        source=source,
        about=str(source.data.get("about", "")),
        deploy=reader.extras(),
        constructor=reader.words("constructor"),
        interface=reader.words("interface") or (),
        capabilities=reader.flags(),
        doors=reader.phrases("doors", DOORS, may_be_assumed=True),
        figures=reader.phrases("figures", BY_NAME, may_be_assumed=False),
        refusals=reader.choice("refusals"),
        events=reader.flag(("events",), source.data.get("events", True)),
        fixed=reader.fixed(),
        remappings={start: path.parent / text for start, text in reader.mapping("remappings").items()},
    )
    source.require_no_problems()
    return adapter


class _AdapterReader:
    def __init__(self, source: SourceFile, folder: Path) -> None:
        self._source, self._folder = source, folder

    def mapping(self, key: str) -> dict[str, Any]:
        found = self._source.data.get(key, {})
        if isinstance(found, dict):
            return found
        self._source.note((key,), f"expected a mapping, got {found!r}")
        return {}

    def words(self, key: str) -> tuple[str, ...] | None:
        found = self._source.data.get(key)
        if found is None:
            return None
        if isinstance(found, list):
            return tuple(str(each) for each in found)
        self._source.note((key,), f"expected a list, got {found!r}")
        return None

    def choice(self, key: str) -> str:
        found = self._source.data.get(key, "")
        if found in ("", *REFUSALS):
            return str(found)
        self._source.note((key,), f"{found!r}: {did_you_mean(str(found), REFUSALS)}")
        return ""

    def flag(self, route: Route, given: Any) -> bool:
        if not isinstance(given, bool):
            self._source.note(route, f"expected yes or no, got {given!r}")
        return given is True

    def flags(self) -> dict[str, bool]:
        found = {}
        for name, given in self.mapping("capabilities").items():
            if name not in NAMES:
                self._source.note(("capabilities", name), f"no such capability: {did_you_mean(name, NAMES)}")
                continue
            found[name] = self.flag(("capabilities", name), given)
        return found

    def phrases(self, key: str, known: Any, may_be_assumed: bool) -> dict[str, Any]:
        found: dict[str, AdapterCall | str | None] = {}
        for name, text in self.mapping(key).items():
            route: Route = (key, name)
            if name not in known:
                self._source.note(route, f"unknown: {did_you_mean(name, known)}")
            elif text is False or text is None:
                found[name] = None
            elif text == ASSUMED and may_be_assumed:
                found[name] = ASSUMED
            else:
                with self._source.guard(route):
                    found[name] = phrase(str(text))
        return found

    def fixed(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        fields = {"risk": MarketRisk._fields, "auction": AuctionTerms._fields}
        for group, values in self.mapping("fixed").items():
            if group not in fields or not isinstance(values, dict):
                self._source.note(("fixed", group), f"expected a mapping under one of {', '.join(fields)}")
                continue
            for name, value in values.items():
                if name not in fields[group]:
                    self._source.note(("fixed", group, name), f"unknown: {did_you_mean(name, fields[group])}")
                elif not isinstance(value, int) or isinstance(value, bool):
                    self._source.note(("fixed", group, name), f"expected a whole number, got {value!r}")
                else:
                    found.setdefault(group, {})[name] = value
        return found

    def extras(self) -> tuple[ExtraContract, ...]:
        found: list[ExtraContract] = []
        given = self._source.data.get("deploy", [])
        if not isinstance(given, list):
            self._source.note(("deploy",), f"expected a list, got {given!r}")
            return ()
        for place, part in enumerate(given):
            route: Route = ("deploy", place)
            if not isinstance(part, dict) or not {"name", "contract"} <= set(part) <= {"name", "contract", "arguments"}:
                self._source.note(route, "expected a mapping with name, contract (PATH:Contract) and perhaps arguments")
                continue
            path, _, contract = str(part["contract"]).rpartition(":")
            if not path or not (self._folder / path).is_file():
                self._source.note((*route, "contract"), f"{part['contract']!r}: expected PATH:Contract of a file")
                continue
            arguments = tuple(str(each) for each in part.get("arguments", []))
            found.append(ExtraContract(str(part["name"]), self._folder / path, contract, arguments))
        return tuple(found)
