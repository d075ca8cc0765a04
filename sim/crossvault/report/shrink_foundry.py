"""A repro as a Foundry test: the same world and calls in Solidity, and after them the state of the model.

The file needs nothing but the contracts (imported from `contracts/`): the cheat codes it uses are declared in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, TOKEN_ACTIONS, VAULT, Outcome, Step, named
from crossvault.evm.artifacts import Build
from crossvault.evm.deploy import FACETS, MODULES, STATELESS, refusal_libraries, selectors
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.lens import AccountState
from crossvault.mirror.refusal import Refusal
from crossvault.report.shrink_solidity import SolidityWriter, camel
from crossvault.scenario.repro import Repro, finding

_TOKENS = {
    "plain": "Token", "fee": "FeeToken", "reentrant": "ReentrantToken", "callback": "CallbackToken",
    "silent": "SilentToken",
}  # fmt: skip

_CHEATS = """interface Vm {
    function prank(address sender) external;
    function warp(uint256 time) external;
    function expectRevert() external;
    function expectRevert(bytes calldata data) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}
"""

_CHECKS = """    error Differs(string field, int256 chain, int256 model);

    function check(string memory field, uint256 chain, uint256 model) internal pure {
        if (chain != model) revert Differs(field, int256(chain), int256(model));
    }

    function check(string memory field, int256 chain, int256 model) internal pure {
        if (chain != model) revert Differs(field, chain, model);
    }

    function check(string memory field, bool chain, bool model) internal pure {
        check(field, chain ? 1 : uint256(0), model ? 1 : uint256(0));
    }

    function check(string memory field, address chain, address model) internal pure {
        check(field, uint256(uint160(chain)), uint256(uint160(model)));
    }

    function check(string memory field, bytes32 chain, bytes32 model) internal pure {
        check(field, uint256(chain), uint256(model));
    }

    function check(string memory field, AccountId chain, AccountId model) internal pure {
        check(field, AccountId.unwrap(chain), AccountId.unwrap(model));
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
"""


def test(repro: Repro, build: Build) -> str:
    """The text of a `.t.sol` file; the test fails where the contracts differ from the model."""
    return _FoundryTest(repro, build).text()


class _FoundryTest:
    def __init__(self, repro: Repro, build: Build) -> None:
        self._repro, self._build = repro, build
        contracts = {VAULT: "address(vault)", EXCHANGE: "address(exchange)"}
        contracts |= {spec.name: f"address({_variable(spec.name)})" for spec in repro.world.tokens}
        contracts |= {spec.name: f"address({_variable(spec.name)})" for spec in repro.world.wallets}
        self._writer = SolidityWriter(contracts)
        self._model = Model(repro.world)

    def text(self) -> str:
        """The whole file."""
        body = [*self._set_up(), *self._story(), *self._expected()]
        constants = [f"    address constant {name} = {address};" for name, address in self._writer.roles.items()]
        parts = [
            self._writer.types,
            {*MODULES, "IDiamondLoupe"},
            {_TOKENS[spec.kind] for spec in self._repro.world.tokens},
        ]
        parts += [{"Wallet"} if self._repro.world.wallets else set()]
        name = "".join(word.capitalize() for word in re.split(r"[-_]", self._repro.name))
        return "\n".join([
            "// SPDX-License-Identifier: MIT",
            "pragma solidity ^0.8.28;",
            "",
            *self._imports(set(chain.from_iterable(parts))),
            "",
            _CHEATS,
            f"/// @notice {self._repro.about}",
            f"/// @dev {finding(self._repro.found)}",
            f"contract {name}Test {{",
            "    Vm constant VM = Vm(address(uint160(uint256(keccak256(\"hevm cheat code\")))));",
            *constants,
            "",
            *self._fields(),
            "",
            *body,
            _CHECKS.rstrip(),
            "}",
            "",
        ])  # fmt: skip

    def _imports(self, names: set[str]) -> list[str]:
        files: dict[str, set[str]] = {"Account.sol": {"AccountId"}}
        for name in names - {"AccountId"}:
            files.setdefault(self._build.artifacts[name].source, set()).add(name)
        return [
            f'import {{{", ".join(sorted(items))}}} from "contracts/{path}";' for path, items in sorted(files.items())
        ]

    def _fields(self) -> Iterator[str]:
        yield "    Vault vault;"
        yield "    Exchange exchange;"
        for spec in self._repro.world.tokens:
            yield (
                f"    Token {_variable(spec.name)};"
                if spec.kind == "plain"
                else f"    {_TOKENS[spec.kind]} {_variable(spec.name)};"
            )
        for wallet in self._repro.world.wallets:
            yield f"    Wallet {_variable(wallet.name)};"

    def _set_up(self) -> Iterator[str]:
        world, writer = self._repro.world, self._writer
        [constructor] = [item for item in self._build.artifacts["Vault"].abi if item["type"] == "constructor"]
        terms, _ = writer.value(constructor["inputs"][3], world.terms)
        yield "    function setUp() public {"
        yield f"        VM.warp({world.starts_at});"
        for spec in world.tokens:
            yield f'        {_variable(spec.name)} = new {_TOKENS[spec.kind]}("{spec.name}", {spec.decimals});'
        table = selectors(self._build)
        yield f"        IDiamondLoupe.Facet[] memory facets = new IDiamondLoupe.Facet[]({len(table)});"
        for place, (name, found) in enumerate(table.items()):
            at = "address(0)" if name == "Vault" else f"address(new {name}())"
            yield f"        facets[{place}] = IDiamondLoupe.Facet({at}, new bytes4[]({len(found)}));"
            yield from (f"        facets[{place}].functionSelectors[{i}] = 0x{each};" for i, each in enumerate(found))
        values = [writer.role(world.owner), writer.role(world.quote), str(world.delay_secs), terms]
        values += [*(f"new {name}()" for name in STATELESS), "facets"]
        yield f"        vault = new Vault({', '.join(values)});"
        yield "        exchange = new Exchange(vault);"
        for wallet in world.wallets:
            yield f"        {_variable(wallet.name)} = new Wallet({writer.role(wallet.signer)});"
        for spec in world.tokens:
            yield f"        {_variable(spec.name)}.setSpender(address(vault));"
        yield "    }"
        yield ""

    def _story(self) -> Iterator[str]:
        yield "    function test_bothSidesAgree() public {"
        for number in range(1, len(self._repro.steps) + 1):
            yield f"        step{number}();"
        yield "        compare();"
        yield "    }"
        yield ""
        for number, step in enumerate(self._repro.steps, start=1):
            outcome = self._model.apply(step)
            is_last = number == len(self._repro.steps)
            yield f"    function step{number}() internal {{"
            yield from (f"        {line}" for line in self._step(step, outcome, is_last))
            yield "    }"
            yield ""

    def _step(self, step: Step, outcome: Outcome, is_last: bool) -> Iterator[str]:
        call, before = self._call(step)
        yield f"VM.warp({step.at});"
        yield from before
        if outcome.refusal:
            yield f"VM.expectRevert({self._refusal(outcome.refusal) if is_last else ''});"
        yield f"VM.prank({self._writer.role(step.sender)});"
        yield f"{call};"

    def _call(self, step: Step) -> tuple[str, list[str]]:
        """The call of a step, and the lines that it needs before it."""
        if step.action in TOKEN_ACTIONS:
            token, to = _variable(step.args["token"]), self._writer.role(step.args["to"])
            return f"{token}.{step.action}({to}, {step.args['amount_raw']})", []
        owner, item = self._door(step.action)
        where = {"Vault": "vault", "Exchange": "exchange"}.get(owner, f"{owner}(address(vault))")
        if step.action == "batch":
            return self._batch(step.args["calls"])
        values, before = self._writer.arguments(item["inputs"], step.args)
        return f"{where}.{item['name']}({', '.join(values)})", before

    def _batch(self, calls: Sequence[Call]) -> tuple[str, list[str]]:
        lines = [f"bytes[] memory calls = new bytes[]({len(calls)});"]
        for place, call in enumerate(calls):
            owner, item = self._door(call.action)
            values, before = self._writer.arguments(item["inputs"], call.args)
            lines += [*before, f"calls[{place}] = abi.encodeCall({owner}.{item['name']}, ({', '.join(values)}));"]
            self._writer.types.add(owner)
        return "vault.batch(calls)", lines

    def _door(self, action: str) -> tuple[str, Mapping[str, Any]]:
        """The contract that has a door, and the door."""
        for owner in ("Vault", *FACETS, "Exchange"):
            for item in self._build.artifacts[owner].abi:
                if item["type"] == "function" and item["name"] == camel(action):
                    self._writer.types.add(owner)
                    return owner, item
        raise KeyError(action)

    def _refusal(self, refusal: Refusal) -> str:
        for owner, abi in refusal_libraries(self._build).items():
            for item in abi:
                if item["name"] == refusal.name:
                    self._writer.types.add(owner)
                    values, _ = self._writer.arguments(
                        item["inputs"], dict(zip(refusal.fields, refusal.args, strict=True))
                    )
                    return f"abi.encodeWithSelector({', '.join([f'{owner}.{refusal.name}.selector', *values])})"
        return ""

    def _expected(self) -> Iterator[str]:
        """The checks of the last state: the vault and every account that the story names."""
        accounts = named(self._repro.steps)
        snapshot, at = self._model.snapshot(accounts), self._repro.steps[-1].at
        calls = ["compareGlobals();", *(f"compareAccount{place}();" for place in range(len(accounts)))]
        yield from ("    function compare() internal view {", *(f"        {call}" for call in calls), "    }", "")
        owner, item = self._door("snapshot")
        outputs = item["outputs"]
        reading = f"{owner}(address(vault)).snapshot(ids)"
        checks = list(self._writer.checks("globals", outputs[0], "found", snapshot.globals))
        yield from self._comparison(
            "compareGlobals", [], f"({self._writer.kind(outputs[0])} memory found,) = {reading};", checks
        )
        metrics = self._model.metrics(accounts, at)
        for place, (state, each) in enumerate(zip(snapshot.accounts, metrics, strict=True)):
            yield from self._account(place, outputs[1], reading, state, each)

    def _account(
        self, place: int, output: Mapping[str, Any], reading: str, state: AccountState, metrics: Any
    ) -> Iterator[str]:
        writer, account = self._writer, state.account
        one = {**output, "type": "tuple", "internalType": output["internalType"].removesuffix("[]")}
        owner, item = self._door("metrics")
        kind = writer.kind(item["outputs"][0])
        lines = list(writer.checks(str(account), one, "found[0]", state))
        lines.append(f"{kind} memory metrics_ = {owner}(address(vault)).metrics({writer.account(account)});")
        lines += writer.checks(f"{account}.metrics", item["outputs"][0], "metrics_", metrics)
        yield from self._comparison(
            f"compareAccount{place}", [account], f"(, {writer.kind(one)}[] memory found) = {reading};", lines
        )

    def _comparison(
        self, name: str, accounts: Sequence[AccountId], reading: str, checks: Sequence[str]
    ) -> Iterator[str]:
        yield f"    function {name}() internal view {{"
        yield f"        AccountId[] memory ids = new AccountId[]({len(accounts)});"
        yield from (f"        ids[{place}] = {self._writer.account(each)};" for place, each in enumerate(accounts))
        yield f"        {reading}"
        yield from (f"        {line}" for line in checks)
        yield "    }"
        yield ""


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name.lower()) + "_"
