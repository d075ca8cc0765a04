"""Doors, events and refusals of two versions: what callers and readers of a log find changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Build
from crossvault.evm.codec import Abi, snake
from crossvault.evm.compiler import CompileFailed
from crossvault.evm.deploy import refusal_libraries, vault_abi

_KINDS = {"function": "door", "event": "event", "error": "refusal"}
_READ = ("snapshot", "metrics", "curves")  # the views by which state is compared


class InterfaceChange(NamedTuple):
    """A door, event or refusal that one version lacks or has in another form; empty where it has none."""

    contract: str
    kind: str
    name: str
    old: str
    new: str

    @property
    def is_harmless(self) -> bool:
        """Whether it is only added."""
        return not self.old


def interface_changes(old: Build, new: Build) -> list[InterfaceChange]:
    """What differs at the addresses of the vault and the exchange, what was added last."""
    pairs = zip(_abis(old), _abis(new), strict=True)
    found = [each for (name, one), (_, other) in pairs for each in _compared(name, one, other)]
    return sorted(found, key=lambda each: each.is_harmless)


def lacking_doors(build: Build, other: Build) -> dict[str, str]:
    """The doors that a build lacks or has in another form than another one: by name in snake case, its own form."""
    found = {}
    for (name, own), (_, wanted) in zip(_abis(build), _abis(other), strict=True):
        for each in _compared(name, wanted, own):
            if each.kind == "door" and each.old:
                found[snake(each.name)] = each.new
    return found


def require_readable(build: Build, ours: Build, where: str) -> None:
    """Requires the views that state is read with, in the form that is known. Raises CompileFailed."""
    missing = [
        name for name in ours.artifacts if "/" not in ours.artifacts[name].source and name not in build.artifacts
    ]
    if missing:
        raise CompileFailed(
            f"{where}: the contracts lack {', '.join(missing)}, which is deployed or linked by its name"
        )
    changed = lacking_doors(build, ours)
    for view in _READ:
        if view in changed:
            form = f"it is {changed[view]}" if changed[view] else "it is missing"
            raise CompileFailed(f"{where}: the view {view} has another form, so state cannot be compared: {form}")


def with_known_names(build: Build, ours: Build) -> Build:
    """A build whose doors have the argument names of ours where the types are equal: steps are encoded by name."""
    artifacts = {}
    for name, artifact in build.artifacts.items():
        known = ours.artifacts.get(name)
        forms = {_form(item): item for item in known.abi if item["type"] == "function"} if known else {}
        abi = [forms.get(_form(item), item) if item["type"] == "function" else item for item in artifact.abi]
        artifacts[name] = replace(artifact, abi=abi)
    return replace(build, artifacts=artifacts)


def _abis(build: Build) -> Iterator[tuple[str, Abi]]:
    errors = [item for abi in refusal_libraries(build).values() for item in abi]
    yield "Vault", [*vault_abi(build), *errors]
    yield "Exchange", build.artifacts["Exchange"].abi


def _compared(contract: str, old: Abi, new: Abi) -> Iterator[InterfaceChange]:
    before, after = _forms(old), _forms(new)
    for kind, name in dict.fromkeys((*before, *after)):
        one, other = before.get((kind, name), ()), after.get((kind, name), ())
        if one != other:
            yield InterfaceChange(contract, kind, name, " or ".join(one), " or ".join(other))


def _forms(abi: Abi) -> dict[tuple[str, str], tuple[str, ...]]:
    """The forms of every door, event and refusal by kind and name; a name may have several."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for item in abi:
        if kind := _KINDS.get(item["type"]):
            key = kind, item["name"]
            found[key] = tuple(sorted({*found.get(key, ()), _form(item)}))
    return found


def _form(item: Mapping[str, Any]) -> str:
    text = f"{item['name']}({_types(item['inputs'])})"
    return f"{text} → ({_types(item['outputs'])})" if item.get("outputs") else text


def _types(items: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_type(each) for each in items)


def _type(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    if components := item.get("components"):
        kind = kind.replace("tuple", f"({_types(components)})")
    return f"{kind} indexed" if item.get("indexed") else kind
