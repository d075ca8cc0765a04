"""What a record holds of a step, as names and text with every digit: arguments, events, and the state of each side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.differential.step import TOKEN_ACTIONS, instrument_name
from crossvault.history.event_names import EVENT_FIELDS
from crossvault.mirror.oracle import Price
from crossvault.report.figures import scale_of, utc
from crossvault.report.page_data import exact

NOTHING = "none"
_SALE = ("for sale since_at", "insolvent since_at", "reserved_wad", "deficit_wad")
_PARTS = {"price": tuple(Price.zeros), "track": ("funding_index", "funding_updated_at")}
_MODES = {"0": "standard", "1": "portfolio"}
_MARGIN = 10**8  # a time is later than this, a length of time shorter

Fields = dict[str, str]


class RecordedValues:
    """Writes the values of the lines of one record by the names, tokens and scales of its header."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._underlyings: list[str] = header["underlyings"]
        self._collaterals: list[str] = header["collaterals"]
        self._decimals: dict[str, int] = {name: decimals for name, decimals, _ in header["world"]["tokens"]}
        self._quote: str = header["world"]["quote"]

    def arguments(self, body: Mapping[str, Any]) -> Fields:
        """The arguments of a step."""
        return dict(self._flat("", body["args"], self._token(body)))

    def refusal(self, outcome: Mapping[str, Any], body: Mapping[str, Any]) -> Fields:
        """The name and the arguments of a refusal; nothing where there is none."""
        return {
            (f"{name} {key}" if key else "refusal"): text
            for name, values in (outcome["refusal"] or {}).items()
            for key, text in (("", name), *self._flat("", values, self._token(body)))
        }

    def events(self, outcome: Mapping[str, Any], body: Mapping[str, Any]) -> list[tuple[str, Fields]]:
        """The events of a step: name, and values by name."""
        token, found = self._token(body), []
        for name, values in outcome["events"]:
            labels = EVENT_FIELDS.get(name, tuple(str(place) for place in range(len(values))))
            given = dict(zip(labels, values, strict=False))
            for part, names in _PARTS.items():
                if isinstance(given.get(part), list):
                    given[part] = dict(zip(names, given[part], strict=False))
            found.append((name, dict(self._flat("", given, token))))
        return found

    def vault(self, globals_: Mapping[str, Any]) -> Fields:
        """The state of the vault outside of its accounts."""
        found: Fields = {}
        for name, value in globals_.items():
            if name in ("prices", "tracks"):
                names = _PARTS[name[:-1]]
                for place, each in enumerate(value):
                    found |= self._flat(f"{self._name(place)} ", dict(zip(names, each, strict=False)), self._quote)
            elif name in ("totals_raw", "held_raw"):
                for token, raw in zip(self._collaterals, value, strict=False):
                    found[f"{token} {name[:-4]}"] = self._text("_raw", raw, token)
            else:
                found |= self._flat("", {name: value}, self._quote)
        return found

    def account(self, state: Mapping[str, Any]) -> Fields:
        """The state of an account."""
        image, name = state["image"], str(state["account"])
        found = {f"{name}: margin mode": _MODES.get(image["mode"], image["mode"])}
        found[f"{name}: cash principal"] = self._text("principal", image["principal"], self._quote)
        for token, raw in zip(self._collaterals, image["balances"], strict=False):
            if raw != "0":
                found[f"{name}: {token}"] = self._text("_raw", raw, token)
        for entry in image["entries"]:
            held = f"{name}: {self._instrument(entry['instrument'])} "
            found |= {held + key.replace("_", " "): self._text(key, entry[key], self._quote) for key in list(entry)[1:]}
        for label, value in zip(_SALE, state["sale"], strict=False):
            if value != "0":
                found[f"{name}: {label.rsplit('_', 1)[0]}"] = self._text(label, value, self._quote)
        return found

    def _flat(self, name: str, value: Any, token: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, Mapping):
            head = name if not name or name.endswith(" ") else f"{name}."
            for key, inside in value.items():
                yield from self._flat(f"{head}{key}", inside, token)
        elif isinstance(value, list):
            if not value:
                yield _named(name), NOTHING
            for place, inside in enumerate(value):
                yield from self._flat(f"{name}[{place}]", inside, token)
        else:
            leaf = name.replace(" ", ".").rsplit(".", 1)[-1].split("[")[0]
            yield _named(name), self._text(leaf, value, token)

    def _text(self, name: str, value: Any, token: str) -> str:
        """A value with all its digits, by the scale in its name."""
        if value is None or value == "":
            return NOTHING
        if not isinstance(value, str):
            return str(value).lower()
        if name == "underlying" and value.isdigit():
            return self._name(int(value))
        if not value.lstrip("-").isdigit():
            return value
        number = int(value)
        if name == "instrument":
            return self._instrument(value)
        if name.endswith("_at") and number > _MARGIN:
            return f"{utc(number)} UTC"
        if name.endswith("_secs"):
            return f"{number} s"
        scale = scale_of(name, self._decimals.get(token, 18))
        return value if scale is None else exact(number, scale)

    def _instrument(self, number: str) -> str:
        return instrument_name(int(number), self._underlyings)

    def _name(self, underlying: int) -> str:
        names = self._underlyings
        return names[underlying] if underlying < len(names) else f"underlying {underlying}"

    def _token(self, body: Mapping[str, Any]) -> str:
        """The token that the raw amounts of a step are of."""
        args = body["args"]
        return str(args["token"] if body["action"] in TOKEN_ACTIONS else args.get("collateral", self._quote))


def _named(name: str) -> str:
    return name.removesuffix("_wad").removesuffix("_raw").removesuffix("_secs")
