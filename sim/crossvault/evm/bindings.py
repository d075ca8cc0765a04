"""Encodes steps as calls of the contracts of a world, and decodes answers, for any executor.

Answers become outcomes, snapshots, metrics and curves in the mirror's form. An answer has the shape that nodes give it:
`status`, `returnData`, `logs`.
"""

from __future__ import annotations

from typing import Any

from crossvault.differential.step import EXCHANGE, EXCHANGE_DOORS, TOKEN_ACTIONS, VAULT, Outcome, Snapshot, Step
from crossvault.evm.abi import Interface
from crossvault.evm.artifacts import Build
from crossvault.evm.codec import AddressBook, Codec, DoesNotFit
from crossvault.evm.deploy import GAS, diamond_abi, refusal_libraries, vault_abi
from crossvault.evm.signing import signed
from crossvault.mirror.evm import Call as BatchedCall
from crossvault.mirror.exchange import Signature
from crossvault.mirror.lens import AccountState, CurveState, Globals
from crossvault.mirror.valuation import Metrics

Call = dict[str, str]
Answer = dict[str, Any]

ACCEPTED = "0x1"

_ZERO_ADDRESS = "0x" + "0" * 40


class Bindings:
    """The doors, events and refusals of one build, between names that are bound to its contracts."""

    def __init__(self, build: Build, names: AddressBook) -> None:
        self.build, self.names = build, names
        self.codec = Codec(names)
        artifacts = build.artifacts
        errors = [*refusal_libraries(build).values(), diamond_abi(build), artifacts["Token"].abi]
        self.vault = Interface(vault_abi(build), self.codec, errors)
        self.token = Interface(artifacts["Token"].abi, self.codec)
        self.exchange = Interface(artifacts["Exchange"].abi, self.codec)
        self.codec.encoders |= {BatchedCall: self._encode_call, Signature: self._sign}
        self._address = names.address(VAULT)
        self._interfaces = {self._address: self.vault, names.address(EXCHANGE): self.exchange}

    def transaction(self, step: Step) -> Call:
        """Encodes a step as a transaction. Raises DoesNotFit with the step, the door and the argument."""
        try:
            return self._transaction(step)
        except DoesNotFit as wrong:
            found = wrong.inside(step.action)
            found.step = step
            raise found from None

    def _transaction(self, step: Step) -> Call:
        sender = self.names.address(step.sender)
        if step.action in TOKEN_ACTIONS:
            args = {name: value for name, value in step.args.items() if name != "token"}
            to, data = self.names.address(step.args["token"]), self.token.call(step.action, _token_args(args))
        elif step.action in EXCHANGE_DOORS:
            to, data = self.names.address(EXCHANGE), self.exchange.call(step.action, step.args)
        else:
            to, data = self._address, self.vault.call(step.action, step.args)
        return {"from": sender, "to": to, "input": data, "gas": GAS}

    def view(self, door: str, args: dict[str, Any]) -> Call:
        """Encodes a view call of the vault, sent by the zero address."""
        return {"from": _ZERO_ADDRESS, "to": self._address, "input": self.vault.call(door, args), "gas": GAS}

    def outcome(self, call: Answer, view: Answer) -> Outcome:
        """Decodes the outcome of a step from its answer and the answer of the view after it."""
        snapshot = self.decode_snapshot(view["returnData"]) if view["status"] == ACCEPTED else self._unreadable(view)
        if call["status"] != ACCEPTED:
            return Outcome(self.vault.refusal(_revert_data(call)), (), snapshot)
        known = ((self._interfaces.get(log["address"]), log) for log in call["logs"])
        return Outcome(None, tuple(interface.event(log) for interface, log in known if interface), snapshot)

    def refusal(self, call: Answer) -> Any:
        """Decodes the refusal of a step from its answer; none where it was accepted."""
        return None if call["status"] == ACCEPTED else self.vault.refusal(_revert_data(call))

    def decode_metrics(self, call: Answer) -> Any:
        """Decodes margin metrics, or the refusal of a foreign contract, which equals no metrics."""
        if call["status"] != ACCEPTED:
            return self.vault.refusal(_revert_data(call))
        return Metrics(*self.vault.result("metrics", call["returnData"])[0])

    def decode_curves(self, data: str) -> tuple[CurveState, ...]:
        """Decodes the expiries of the return data of `curves`."""
        return tuple(CurveState(*each) for each in self.vault.result("curves", data)[0])

    def decode_snapshot(self, data: str) -> Snapshot:
        """Decodes the state of the return data of `snapshot`."""
        shared, accounts = self.vault.result("snapshot", data)
        return Snapshot(Globals(*shared), tuple(AccountState(*each) for each in accounts))

    def event_fields(self) -> dict[str, tuple[str, ...]]:
        """The names of the values of every event, in the mirror's form."""
        return self.vault.event_fields() | self.exchange.event_fields()

    def _unreadable(self, view: Answer) -> Snapshot:
        """Placeholder for a state that a foreign contract refuses to return: it equals no state."""
        refusal: Any = self.vault.refusal(_revert_data(view))
        return Snapshot(refusal, ())

    def _encode_call(self, call: BatchedCall) -> str:
        return self.vault.call(call.action, call.args)

    def _sign(self, signature: Signature) -> str:
        if self.names.is_contract(signature.signer):
            raise ValueError(f"{signature.signer} is a contract and cannot sign")
        return signed(signature, self.names.number)


def _token_args(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `mint(to, amountRaw)` and of ERC-20's `transfer(to, value)`."""
    return {**args, "value": args["amount_raw"]}


def _revert_data(call: Answer) -> str:
    data: str = call.get("returnData") or "0x"
    return data if data != "0x" else call.get("error", {}).get("data") or "0x"
