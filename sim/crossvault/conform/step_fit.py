"""Whether the arguments of a step fit the types of a vault's doors, before any vault is deployed."""

from __future__ import annotations

from crossvault.conform.adapter_calls import BoundCall, bound
from crossvault.conform.subject import Subject
from crossvault.differential.step import TOKEN_ACTIONS, Step
from crossvault.evm.abi import Interface
from crossvault.evm.codec import AddressBook, Codec
from crossvault.mirror.evm import Call


class StepFit:
    """The doors of a vault, bound to their types alone."""

    def __init__(self, subject: Subject) -> None:
        self._codec = Codec(AddressBook())
        self._codec.encoders[Call] = self._batch_call
        self._token = Interface(subject.ours.artifacts["Token"].abi, self._codec)
        self._doors = bound_doors(subject, self._codec)

    def fits(self, step: Step) -> bool:
        """Whether every argument of a step fits its type."""
        try:
            if step.action in TOKEN_ACTIONS:
                self._token.call(step.action, token_arguments(step))
            else:
                self._doors[step.action].data({**step.args, "sender": step.sender})
        except ValueError:
            return False
        return True

    def _batch_call(self, call: Call) -> str:
        return self._doors[call.action].data(call.args)


def bound_doors(subject: Subject, codec: Codec) -> dict[str, BoundCall]:
    """The doors of a vault bound to the arguments of ours, by action."""
    return {
        action: bound(door.item, door.call, codec)
        for action, door in subject.doors.items()
        if door.item is not None and door.call is not None
    }


def token_arguments(step: Step) -> dict[str, object]:
    """The arguments of a step of a token, under the names of its doors."""
    return {"to": step.args["to"], "amount_raw": step.args["amount_raw"], "value": step.args["amount_raw"]}
