"""Records of earlier versions: what they do not have is not compared, and a price that is another one now is."""

from __future__ import annotations

import json
from typing import Any

from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.notation import Notation
from crossvault.lockstep.earlier_records import as_recorded
from crossvault.walks.order_moves import UNDERLYINGS, OrderWalk

LATER = ("epoch", "version")


def lines(seed: int, steps: int) -> list[dict[str, Any]]:
    """The lines of a walk of orders, without hashes: the chain's side is equal."""
    walk, notation = OrderWalk(seed, steps).story(), Notation(UNDERLYINGS, ())
    model = Model(walk.world)
    return [
        {**notation.step(step), "model": notation.outcome(outcome), "chain": "same"}
        for step, outcome in driven(walk.steps(model), model.apply)
    ]


def former(value: Any) -> Any:
    """A line as a version wrote it that had no epochs."""
    if isinstance(value, dict):
        names = {"maker_limit_wad": "price_wad", "taker_limit_wad": "limit_wad"}
        return {names.get(name, name): former(each) for name, each in value.items() if name not in LATER}
    return [former(each) for each in value] if isinstance(value, list) else value


def test_orders_of_before_are_compared_without_epochs_and_versions() -> None:
    found = [line for line in lines(2, 80) if "OrderOfOther" not in json.dumps(line)]  # no refusals of before
    assert {"fill", "cancel"} <= {line["action"] for line in found}
    assert "LimitNotMet" in json.dumps(found)
    changed = [line for line in found if former(line) != line]
    assert changed and all(as_recorded(line, former(line)) == former(line) for line in changed)
    assert all(as_recorded(line, line) == line for line in found)


def test_a_price_of_before_is_a_difference() -> None:
    """A fill at 2,000 was at the limit of the maker; the middle of the limits is another price."""
    line = next(each for each in lines(2, 80) if each["action"] == "fill" and each["model"]["refusal"] is None)
    was = json.loads(json.dumps(former(line)))
    [traded] = [values for name, values in was["model"]["events"] if name == "Traded"][:1]
    traded[5] = str(int(traded[5]) + 1)
    assert as_recorded(line, was) != was


def test_the_epoch_of_a_door_is_compared() -> None:
    """Only orders and signatures had none: an epoch that was recorded is."""
    line = Notation(UNDERLYINGS, ()).step(doors.next_epoch(0, "x", account=OrderWalk(0, 0).accounts[0]))
    assert as_recorded(line, line) == line
