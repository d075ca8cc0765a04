"""Values of the mirror's form as Solidity source, by the types of an ABI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eth_utils.address import to_checksum_address

from crossvault.evm.codec import AddressBook, camel, snake
from crossvault.evm.signing import key_of
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import ZERO_ADDRESS
from crossvault.mirror.exchange import FORMER_VERSION, Signature

__all__ = ["SolidityWriter", "camel"]

Parameter = Mapping[str, Any]


class SolidityWriter:
    """Writes values, and collects the types and the roles that they need.

    contracts: how the contracts that have names are written.
    """

    def __init__(self, contracts: Mapping[str, str]) -> None:
        self._contracts, self._names = contracts, AddressBook()
        self.types: set[str] = set()
        self.roles: dict[str, str] = {}
        self._arrays = 0

    def role(self, name: str) -> str:
        """The address of a name."""
        if name in self._contracts:
            return self._contracts[name]
        if name == ZERO_ADDRESS:
            return "address(0)"
        constant = re.sub(r"\W", "_", name).upper()
        self.roles[constant] = to_checksum_address(self._names.address(name))
        return constant

    def account(self, account: AccountId) -> str:
        """The number of an account."""
        number = f" | {account.number}" if account.number else ""
        return f"AccountId.wrap((uint256(uint160({self.role(account.owner)})) << 96){number})"

    def kind(self, parameter: Parameter) -> str:
        """The name of a type, which is noted as needed."""
        internal = str(parameter.get("internalType") or parameter["type"])
        name = internal.removeprefix("struct ").removeprefix("contract ").removeprefix("enum ")
        if "." in name:
            self.types.add(name.partition(".")[0])
        return name

    def arguments(self, inputs: Sequence[Parameter], args: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """The arguments of a call in order, and the lines that they need before it."""
        pairs = [self.value(each, args[snake(each["name"])]) for each in inputs]
        return [text for text, _ in pairs], [line for _, lines in pairs for line in lines]

    def value(self, parameter: Parameter, value: Any) -> tuple[str, list[str]]:
        """A value, and the lines that it needs before it."""
        kind = parameter["type"]
        if kind.endswith("[]"):
            return self._array(parameter, value)
        if kind == "tuple":
            fields = [getattr(value, snake(each["name"]), None) for each in parameter["components"]]
            if not hasattr(value, "_fields"):
                fields = list(value)
            pairs = [self.value(*pair) for pair in zip(parameter["components"], fields, strict=True)]
            inner = ", ".join(
                f"{each['name']}: {text}" for each, (text, _) in zip(parameter["components"], pairs, strict=True)
            )
            return f"{self.kind(parameter)}({{{inner}}})", [line for _, lines in pairs for line in lines]
        if isinstance(value, Signature):
            return self._signature(value)
        return self._plain(kind, value), []

    def _plain(self, kind: str, value: Any) -> str:
        if isinstance(value, AccountId):
            return self.account(value)
        if kind == "address":
            return self.role(value)
        if kind == "bool":
            return "true" if value else "false"
        if kind == "bytes":
            return f'hex"{value.removeprefix("0x")}"'
        if kind.startswith("bytes"):
            return f'{kind}("{value}")'
        return f"type({kind}).min" if kind.startswith("int") and value == -(2 ** (int(kind[3:]) - 1)) else str(value)

    def _array(self, parameter: Parameter, values: Sequence[Any]) -> tuple[str, list[str]]:
        internal = str(parameter.get("internalType", parameter["type"])).removesuffix("[]")
        element = {**parameter, "type": parameter["type"].removesuffix("[]"), "internalType": internal}
        self._arrays += 1
        name, kind = f"list{self._arrays}", self.kind(element)
        lines = [f"{kind}[] memory {name} = new {kind}[]({len(values)});"]
        for place, each in enumerate(values):
            text, before = self.value(element, each)
            lines += [*before, f"{name}[{place}] = {text};"]
        return name, lines

    def _signature(self, signature: Signature) -> tuple[str, list[str]]:
        """A signature as the test makes it: the address of the exchange is not that of another chain."""
        account, *others = signature.order
        numbers = ", ".join(str(each) for each in others)
        self.types.add("Exchange")
        view = "formerDigest" if signature.version == FORMER_VERSION else "digest"
        digest = f"exchange.{view}(Exchange.Order({self.account(account)}, {numbers}))"
        return f"signed({key_of(signature.signer)}, {digest})", []

    def checks(self, field: str, parameter: Parameter, expression: str, value: Any) -> Iterator[str]:
        """A line for each number in a value, that compares it with what an expression holds."""
        kind = parameter["type"]
        if kind.endswith("[]"):
            yield f'check("{field}.length", {expression}.length, uint256({len(value)}));'
            internal = str(parameter.get("internalType", kind)).removesuffix("[]")
            element = {**parameter, "type": kind.removesuffix("[]"), "internalType": internal}
            for place, each in enumerate(value):
                yield from self.checks(f"{field}[{place}]", element, f"{expression}[{place}]", each)
        elif kind == "tuple":
            for each, inner in zip(parameter["components"], value, strict=True):
                yield from self.checks(f"{field}.{snake(each['name'])}", each, f"{expression}.{each['name']}", inner)
        else:
            yield f'check("{field}", {expression}, {self._typed(kind, value)});'

    def _typed(self, kind: str, value: Any) -> str:
        text = self._plain(kind, value)
        return f"{kind}({text})" if isinstance(value, int) and not isinstance(value, bool) else text
