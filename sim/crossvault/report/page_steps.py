"""The steps of a record as a part of a page: a table to filter and search, and each step with its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from crossvault.lockstep.record import SAME, RecordLine, RecordStream
from crossvault.report.figures import utc
from crossvault.report.page_data import DataBlocks
from crossvault.report.page_values import NOTHING, Fields, RecordedValues
from crossvault.report.step_text import StepFormatter

CHUNK = 500  # steps in a block that is unpacked at once
ACCEPTED, DIFFERENT = "accepted", "differs"
DifferentField = tuple[str, str, str]  # field, chain, model


@dataclass(frozen=True, slots=True)
class StepTable:
    """The steps of a record. It is read while the page is written, and never held whole; `key` is its anchor's kind."""

    path: Path
    title: str = "Every step"
    key: str = "step"
    progress: Callable[[int], None] = lambda steps: None

    def html(self, blocks: DataBlocks) -> str:
        index = StepIndex()
        chunks = [blocks.add(chunk) for chunk in _chunks(self.path, index, self.progress)]
        data = {
            "title": self.title,
            "key": self.key,
            "size": CHUNK,
            "quote": index.quote,
            "chunks": chunks,
            **index.data(),
        }
        return (
            f'<figure class="part steps" data-kind="steps" data-block="{blocks.add(data)}" data-key="{self.key}">'
            f"<figcaption>{escape(self.title)}</figcaption></figure>\n"
        )


class StepIndex:
    """What the table shows of every step, by column; names that come again are numbers of a list. quote: the token."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, int]] = {
            name: {} for name in ("sender", "door", "result", "events", "account")
        }
        self.quote = ""
        self._columns: dict[str, list[Any]] = {name: [] for name in ("at", *self._lists, "text")}

    def add(self, line: RecordLine, text: str) -> None:
        """Adds a step."""
        model = line.body["model"]
        [result] = model["refusal"] or [ACCEPTED]
        result = result if line.body["chain"] == SAME else f"{DIFFERENT}: {result}"
        row = {"sender": line.step.sender, "door": line.step.action, "result": result}
        row["events"] = ", ".join(name for name, _ in model["events"])
        self._columns["at"].append(line.step.at)
        self._columns["text"].append(text)
        for name, value in row.items():
            self._columns[name].append(self._number(name, value))
        self._columns["account"].append([self._number("account", str(each)) for each in line.step.accounts()])

    def data(self) -> dict[str, Any]:
        """The index as the script reads it."""
        return {"lists": {name: list(found) for name, found in self._lists.items()}, "columns": self._columns}

    def _number(self, name: str, value: str) -> int:
        return self._lists[name].setdefault(value, len(self._lists[name]))


def different_fields(body: Mapping[str, Any], values: RecordedValues) -> list[DifferentField]:
    """The fields in which the sides of a recorded step differ, with all their digits."""
    if body["chain"] == SAME:
        return []
    chain, model = (_everything(body[side], body, values) for side in ("chain", "model"))
    return fields_between(chain, model)


def fields_between(one: Fields, two: Fields) -> list[DifferentField]:
    """The fields that differ, with both texts."""
    pairs = ((name, one.get(name, NOTHING), two.get(name, NOTHING)) for name in dict.fromkeys((*two, *one)))
    return [each for each in pairs if each[1] != each[2]]


def line_fields(body: Mapping[str, Any], values: RecordedValues) -> Fields:
    """A recorded step and what the model made of it, with all digits."""
    head = {"time": f"{utc(int(body['at']))} UTC", "sender": str(body["sender"]), "call": str(body["action"])}
    return {**head, **values.arguments(body), **_everything(body["model"], body, values)}


def _everything(outcome: Mapping[str, Any], body: Mapping[str, Any], values: RecordedValues) -> Fields:
    found = values.refusal(outcome, body)
    for place, (name, fields) in enumerate(values.events(outcome, body), start=1):
        found[f"event {place}"] = name
        found |= {f"{name} {key}": text for key, text in fields.items()}
    if isinstance(outcome["state"], Mapping):
        found |= values.vault(outcome["state"]["globals"])
        for each in outcome["state"]["accounts"]:
            found |= values.account(each)
    return found


def _chunks(path: Path, index: StepIndex, progress: Callable[[int], None]) -> Iterator[list[dict[str, Any]]]:
    """The details of the steps, some at a time."""
    stream = RecordStream(path)
    index.quote = str(stream.header["world"]["quote"])
    formatter, details, chunk = StepFormatter(stream.header), StepDetails(stream.header), list[dict[str, Any]]()
    for line in stream.lines():
        index.add(line, formatter.arguments(line.step))
        chunk.append(details.of(line.body))
        progress(line.number)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class StepDetails:
    """Each step with the state before and after it: of the vault what changes, of the accounts that it names all."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._values = RecordedValues(header)
        self._globals: Mapping[str, Any] = {}
        self._vault: Fields = {}
        self._accounts: dict[str, Fields] = {}

    def of(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The details of the next step, as the script reads them."""
        model = body["model"]
        found = {
            "args": self._values.arguments(body),
            "refusal": self._values.refusal(model, body),
            "events": self._values.events(model, body),
            "state": [*self._vault_rows(model["state"]["globals"]), *self._account_rows(model["state"]["accounts"])],
        }
        if different := different_fields(body, self._values):
            found["different"] = different
        return found

    def _vault_rows(self, given: Mapping[str, Any]) -> list[list[str]]:
        changed = {name: value for name, value in given.items() if self._globals.get(name) != value}
        self._globals = given
        after = self._values.vault(changed)
        rows = [
            [name, self._vault.get(name, NOTHING), text]
            for name, text in after.items()
            if self._vault.get(name) != text
        ]
        self._vault |= after
        return rows

    def _account_rows(self, states: list[Mapping[str, Any]]) -> Iterator[list[str]]:
        for state in states:
            name, after = str(state["account"]), self._values.account(state)
            before = self._accounts.get(name, {})
            self._accounts[name] = after
            for field in dict.fromkeys((*before, *after)):
                one, two = before.get(field, NOTHING), after.get(field, NOTHING)
                yield [field, two] if one == two else [field, one, two]
