"""Speed of compared steps, against rivals measured in the same run on the same steps.

`chain`: compared steps per second in lockstep; (a) the same steps through web3.py's contract layer, each waiting for
its receipt; (b) the same calls in pyrevm in this process with nothing compared, with the view after each step and
without.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.model import Model
from crossvault.differential.step import TOKEN_ACTIONS, VAULT, Step, World
from crossvault.differential.story import Story, step_stream
from crossvault.evm.anvil import Node
from crossvault.evm.artifacts import Build
from crossvault.evm.chain import Chain
from crossvault.evm.codec import AddressBook, Codec
from crossvault.evm.compiler import EVM_VERSION, compile_contracts
from crossvault.evm.deploy import GAS, deploy_world, vault_abi
from crossvault.lockstep.run import run
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.surface import Svi
from crossvault.setup import toolchain
from crossvault.walks.random_walk import START_AT, WAD, Walk

OWNERS = 20
SEED = 3
BLOCK = 30
DAY = 86_400
OPENING = 6
RIVAL_STEPS = 400

_TENTHS = 10
_FEEDER = Feeder("feeder")


class BenchFailed(Exception):
    """A measured run failed."""


@dataclass(frozen=True, slots=True)
class EncodedStep:
    """A step and the view after it, encoded for any engine."""

    at: int
    sender: str
    to: str
    data: bytes
    view: bytes


def chain(steps: int, options: bool = False) -> dict[str, Any]:
    """The figures of one run: steps per second of lockstep and both rivals, their ratios, and the ageing of the run.

    options: two thirds of the trades are of futures and options, and every account holds some.
    """
    lockstep, played = _lockstep(steady(steps, options))
    calls, state, vault = _encoded(played)
    layer = _contract_layer(played[: _set_up(played) + RIVAL_STEPS])
    viewed, bare = _pyrevm(calls, state, vault, views=True), _pyrevm(calls, state, vault, views=False)
    speed = lockstep["steps_per_second"]
    return {
        "benchmark": "chain with options" if options else "chain",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | _versions("web3", "pyrevm"),
        "lockstep": lockstep,
        "web3_contract_layer": {"steps_per_second": round(layer, 1), "steps": RIVAL_STEPS},
        "pyrevm_with_view": {"steps_per_second": round(viewed)},
        "pyrevm_bare": {"steps_per_second": round(bare)},
        "times_contract_layer": round(speed / layer, 1),
        "part_of_pyrevm_with_view": round(speed / viewed, 2),
        "part_of_pyrevm_bare": round(speed / bare, 2),
    }


def steady(count: int, options: bool) -> Story:
    """A market with twenty accounts in which every block of steps takes the same work, drawn in advance."""
    walk = Walk(SEED, 0, OWNERS)
    steps = list(walk.setup())
    begin = START_AT
    if options:
        begin += walk.world.delay_secs
        steps += _opening(walk.world, begin)
    for block in range(count // BLOCK):
        at = begin + 12 * (block + 1)
        steps += _block(walk.accounts, at, block, _dated(begin) if options else ())
    return replace(walk.story(), steps=lambda model: step_stream(steps))


def _dated(begin: int) -> Sequence[tuple[int, int]]:
    """Instruments of two expiries with a price near their mark: futures, and options at the money."""
    found = []
    for underlying, price in enumerate((2_000, 40_000)):
        for expiry in (begin + 30 * DAY, begin + 90 * DAY):
            found.append((market.instrument_of(underlying, market.FUTURE, expiry, 0), price * WAD))
            for kind in (market.CALL, market.PUT):
                option = market.instrument_of(underlying, kind, expiry, price * WAD)
                found.append((option, price * WAD // 10))
    return found


def _opening(world: World, at: int) -> Iterator[Step]:
    """Options come into force, and two expiries open."""
    risk = market.OptionRisk(DAY, WAD // 5, *(WAD * part // 1000 for part in (150, 100, 75, 75, 75, 1050, 1200, 1100)))
    for when, change in ((at - world.delay_secs, doors.OPTIONS.schedule), (at, doors.OPTIONS.enact)):
        for underlying in (0, 1):
            yield change(when, world.owner, underlying=underlying, risk=risk)
    for underlying, price in enumerate((2_000, 40_000)):
        yield _FEEDER.price(at, underlying, price * WAD)
        for expiry in (at + 30 * DAY, at + 90 * DAY):
            yield doors.open_expiry(at, world.owner, underlying=underlying, expiry=expiry)
            yield from _curve(underlying, expiry, price * WAD, at, begin=at)


def _curve(underlying: int, expiry: int, forward_wad: int, at: int, begin: int) -> Iterator[Step]:
    """A forward and a surface of about 60 % at every strike."""
    yield _FEEDER.forward(at, underlying, expiry, forward_wad, WAD // 20)
    secs = expiry - begin
    svi = Svi(36 * WAD * secs // (100 * 365 * DAY), WAD // 20, -WAD // 10, 0, WAD // 10, secs, forward_wad)
    yield _FEEDER.surface(at, underlying, expiry, svi)


def _block(accounts: Sequence[AccountId], at: int, block: int, dated: Sequence[tuple[int, int]]) -> Iterator[Step]:
    """Three prices (and a forward), fifteen trades, eight movements of money, an operator, three refusals."""
    for underlying, price in enumerate((2_000, 40_000, 1)):
        yield _FEEDER.price(at, underlying, price * WAD + price * (block % 20) * WAD // 10_000)
    if dated:
        future, price_wad = [each for each in dated if market.kind_of(each[0]) == market.FUTURE][block % 4]
        yield _FEEDER.forward(at, market.underlying_of(future), market.expiry_of(future), price_wad)
    side = 1 if block % 2 else -1
    size = WAD // 50 if dated and block < OPENING else side * WAD // 200  # what opens stays, the rest comes and goes
    for place in range(15):
        maker, taker = accounts[place], accounts[place + 1]
        instrument, price_wad = market.perp(place % 2), (2_000 * WAD, 40_000 * WAD)[place % 2]
        if dated and place % 3:
            instrument, price_wad = dated[(place + block // 2) % len(dated)]
        yield doors.trade(at, "broker", maker=maker, taker=taker, instrument=instrument, size=size, price_wad=price_wad)
    for place in range(6):
        account = accounts[place]
        owner = account.owner
        if place % 2:
            yield doors.withdraw_cash(at, owner, account=account, amount_raw=10**6, to=owner)
        else:
            yield doors.deposit_cash(at, owner, account=account, amount_raw=10**6)
    account = accounts[block % OWNERS]
    owner, raw = account.owner, 10**15
    yield doors.deposit_collateral(at, owner, account=account, collateral=0, amount_raw=raw)
    yield doors.withdraw_collateral(at, owner, account=account, collateral=0, amount_raw=raw, to=owner)
    yield doors.set_operator(at, account.owner, account=account, operator="broker", allowed=True)
    yield doors.withdraw_cash(at, account.owner, account=account, amount_raw=10**15, to=account.owner)
    yield doors.start_liquidation(at, "stranger", account=account)
    yield doors.set_operator(at, "stranger", account=account, operator="stranger", allowed=True)


def _lockstep(story: Story) -> tuple[dict[str, Any], list[Step]]:
    model, side = Model(story.world), Chain(story.world)
    timing = _TimingObserver()
    try:
        result = run(story, model, side, [timing])
    finally:
        side.close()
    if result.failure is not None:
        raise BenchFailed(str(result.failure))
    times = timing.times
    size = len(times) // _TENTHS
    first, last = times[size] - times[0], times[-1] - times[-1 - size]
    figures = {
        "steps": result.compared,
        "accepted": result.compared - sum(result.refusals.values()),
        "seconds": round(result.seconds, 2),
        "steps_per_second": round(result.compared / result.seconds),
        "last_tenth_over_first": round(last / first, 2),
    }
    return figures, timing.steps


class _TimingObserver:
    """Records the steps of a run and their comparison times."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.times: list[float] = []

    def applied(self, number: int, step: Step, outcome: Any, model: Model) -> None:
        self.steps.append(step)

    def compared(self, number: int, step: Step, model: Any, chain: Any) -> None:
        self.times.append(time.perf_counter())


def _set_up(steps: Sequence[Step]) -> int:
    """The number of steps before the first block."""
    return next(place for place, step in enumerate(steps) if step.action == "trade") - 3


def _encoded(steps: Sequence[Step]) -> tuple[list[EncodedStep], dict[str, Any], str]:
    """The calls of some steps, the state of a fresh chain for them, and the vault's address there."""
    side = Chain(Walk(SEED, 0, OWNERS).world)
    try:
        calls = []
        for step in steps:
            sent = side.transaction(step)
            view = side.vault.call("snapshot", {"ids": step.accounts()})
            calls.append(EncodedStep(step.at, sent["from"], sent["to"], _bytes(sent["input"]), _bytes(view)))
        dump = side.node.rpc("anvil_dumpState")
        state: dict[str, Any] = json.loads(gzip.decompress(_bytes(dump)))["accounts"]
        return calls, state, side.names.address(VAULT)
    finally:
        side.close()


def _pyrevm(calls: Sequence[EncodedStep], state: dict[str, Any], vault: str, *, views: bool) -> float:
    from pyrevm import EVM, AccountInfo, BlockEnv

    evm = EVM(gas_limit=2**63, spec_id=EVM_VERSION.upper())
    for address, account in state.items():
        evm.insert_account_info(address, AccountInfo(code=_bytes(account["code"])))
        for slot, word in account["storage"].items():
            evm.insert_account_storage(address, int(slot, 16), int(word, 16))
    gas, caller, at = int(GAS, 16), "0x" + "0" * 40, 0
    started = time.perf_counter()
    for call in calls:
        if call.at != at:
            evm.set_block_env(BlockEnv(timestamp=call.at))
            at = call.at
        with suppress(RuntimeError):  # a refused step
            evm.message_call(call.sender, call.to, calldata=call.data, gas=gas)
        if views:
            evm.message_call(caller, vault, calldata=call.view, gas=gas)
    return len(calls) / (time.perf_counter() - started)


def _contract_layer(steps: Sequence[Step]) -> float:
    """Steps per second of web3.py's contract layer on an Anvil that mines each transaction, set-up not counted."""
    from requests import Session
    from web3 import HTTPProvider, Web3

    world = Walk(SEED, 0, OWNERS).world
    node, names = Node(world.starts_at - 3600, flat=False), AddressBook()
    try:
        build = compile_contracts()
        deploy_world(node, build, world, names)
        session = Session()
        session.trust_env = False  # no proxy
        web3 = Web3(HTTPProvider(node.url, session=session))
        node.rpc("evm_setAutomine", True)
        known: dict[str, _BoundContract] = {}
        ready = [_bound(web3, build, names, step, known) for step in steps]
        for step in steps:
            node.rpc("anvil_setBalance", names.address(step.sender), hex(10**30))
        begin, started = _set_up(steps), 0.0
        for place, (step, (function, sender)) in enumerate(zip(steps, ready, strict=True)):
            if place == begin:
                started = time.perf_counter()
            node.rpc("evm_setNextBlockTimestamp", step.at)
            sent = function.transact({"from": sender, "gas": int(GAS, 16), "gasPrice": 0})
            web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.001)
        return (len(steps) - begin) / (time.perf_counter() - started)
    finally:
        node.close()


class _BoundContract(NamedTuple):
    """A contract as crossvault encodes its calls, and as web3.py's contract layer makes them."""

    interface: Any
    layer: Any


def _bound(
    web3: Any, build: Build, names: AddressBook, step: Step, known: dict[str, _BoundContract]
) -> tuple[Any, str]:
    """A step as a function of web3.py's contract layer with its arguments, and its sender. known: by address."""
    from crossvault.evm.abi import Interface

    of_token = step.action in TOKEN_ACTIONS
    args = dict(step.args)
    address = names.address(args.pop("token") if of_token else VAULT)
    if address not in known:
        abi = build.artifacts["Token"].abi if of_token else vault_abi(build)
        layer = web3.eth.contract(address=web3.to_checksum_address(address), abi=abi)
        known[address] = _BoundContract(Interface(abi, Codec(names)), layer)
    interface, layer = known[address]
    data = interface.call(step.action, args | {"value": args["amount_raw"]} if of_token else args)
    function, values = layer.decode_function_input(data)
    return function(**values), web3.to_checksum_address(names.address(step.sender))


def _versions(*packages: str) -> dict[str, str]:
    from importlib.metadata import version

    return {package: version(package) for package in packages}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
