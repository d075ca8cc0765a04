"""Verification of a deployment against the tested build: code, constructor arguments, governance and parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.deployment.blueprint import Blueprint, DeploymentStep
from crossvault.deployment.code import immutables, is_code_of
from crossvault.deployment.manifest import plain
from crossvault.differential import doors
from crossvault.differential.compare import Difference
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT
from crossvault.evm.anvil import ChainRefused, Request
from crossvault.evm.deploy import module_name, selectors
from crossvault.evm.signing import DOMAIN, domain
from crossvault.rpc.client import RpcClient
from crossvault.scenario.owner_calls import ENACT

_TOKEN_KINDS = ("Token", "FeeToken", "ReentrantToken", "CallbackToken", "SilentToken")
ZERO_ADDRESS = "0x" + "0" * 40
_AT_ONCE = 50  # requests of a batch that public nodes accept


class VerifyResult(NamedTuple):
    """Result of a verification. checked: number of compared values. block: number of the block read.

    functions: selectors of the vault's table of functions (hex), None where it has no table. order_version: of the
    typed data that the exchange verifies, empty where it names none.
    """

    differences: list[Difference]
    checked: int
    block: int
    notes: list[str]
    functions: frozenset[str] | None
    order_version: str


class GovernanceState(NamedTuple):
    """Governance of a vault. feeders: the configured feeders that may publish."""

    owner: str
    pending_owner: str
    guardian: str
    feeders: list[str]


def verify(client: RpcClient, plan: Blueprint) -> VerifyResult:
    """Compares the whole deployment with the chain at its latest block. Raises ChainLost, ChainRefused."""
    tag = client.rpc("eth_blockNumber")
    codes = code_of(client, plan, tag)
    found: list[Difference] = []
    checked = 0
    for step in plan.steps:
        if step.makes:
            found += _code_differences(plan, step, codes[step.key])
            checked += 1 + len(plan.build.artifacts[step.contract].immutable_references)
    pairs = [*_governed(client, plan, tag), *_tokens(client, plan, tag)]
    if is_code_of(plan.build.artifacts["Vault"], codes["Vault"]):
        pairs += [*_facets(client, plan, tag), *_parameters(client, plan, tag)]
    found += [_difference(*each) for each in pairs if each[1] != each[2]]
    functions, version = _functions(client, plan, tag), _order_version(client, plan, tag)
    return VerifyResult(found, checked + len(pairs), int(tag, 16), _notes(client, plan, tag), functions, version)


def code_of(client: RpcClient, plan: Blueprint, tag: str) -> dict[str, str]:
    """The code at the address of every contract, by the key of its step."""
    made = [step for step in plan.steps if step.makes]
    return dict(
        zip((step.key for step in made), client.batch([("eth_getCode", [s.address, tag]) for s in made]), strict=True)
    )


def governance(client: RpcClient, plan: Blueprint, tag: str) -> GovernanceState:
    """The governance of the vault; zero addresses where there is no vault."""
    feeders = [plan.person(each) for each in plan.params.feeders]
    queries: list[tuple[str, dict[str, Any]]] = [("owner", {}), ("pending_owner", {}), ("guardian", {})]
    queries += [("is_feeder", {"": feeder}) for feeder in feeders]
    calls = [{"to": plan.vault, "data": plan.bindings.vault.call(*each)} for each in queries]
    words = client.batch([("eth_call", [call, tag]) for call in calls])
    owner, pending, guardian, *may = (int(each, 16) if each != "0x" else 0 for each in words)
    publish = [feeder for feeder, yes in zip(feeders, may, strict=True) if yes]
    return GovernanceState(_person(owner), _person(pending), _person(guardian), publish)


def _person(number: int) -> str:
    return f"0x{number:040x}"


def _code_differences(plan: Blueprint, step: DeploymentStep, code: str) -> Iterator[Difference]:
    artifact = plan.build.artifacts[step.contract]
    if not is_code_of(artifact, code):
        size = len(artifact.deployed_bytecode) // 2
        yield _difference(f"code of {step.key}", f"{size} bytes as compiled", f"{len(code) // 2 - 1} other bytes")
        return
    values = immutables(artifact, code)
    found = sorted(min(each) if len(each) == 1 else "several values" for each in values.values())
    if found != (expected := sorted(_immutables(plan, step))):
        yield _difference(f"immutables of {step.key}", " ".join(expected), " ".join(found))


def _difference(field: str, expected: str, found: str) -> Difference:
    return Difference(field, found, expected, ("found", "expected"))


def _immutables(plan: Blueprint, step: DeploymentStep) -> Iterator[str]:
    """The words that the constructor of a contract leaves in its code."""
    if step.contract == "Exchange":
        yield f"{plan.names.number(VAULT):064x}"
    if step.contract in _TOKEN_KINDS:
        yield f"{next(spec.decimals for spec in plan.world.tokens if spec.name == step.name):064x}"
    if step.contract == "Exchange":  # the immutables of OpenZeppelin's EIP712
        from eth_utils.crypto import keccak

        chain_id, own = plan.params.chain, int(step.address, 16)
        yield from (keccak(text.encode()).hex() for text in DOMAIN)
        yield from ((text.encode().ljust(31, b"\0") + bytes([len(text)])).hex() for text in DOMAIN)
        yield from (f"{chain_id:064x}", f"{own:064x}", domain(chain_id, own).hex())


Pair = tuple[str, str, str]


def _governed(client: RpcClient, plan: Blueprint, tag: str) -> list[Pair]:
    found = governance(client, plan, tag)
    waits = found.owner == plan.deployer and found.pending_owner == plan.owner != plan.deployer
    feeders = [plan.person(each) for each in plan.params.feeders]
    return [
        ("owner", plan.owner, plan.owner if waits else found.owner),
        ("pending owner", plan.owner if waits else ZERO_ADDRESS, found.pending_owner),
        ("guardian", plan.person(plan.params.guardian), found.guardian),
        *((f"feeder {each}", "may publish", "may publish" if each in found.feeders else "may not") for each in feeders),
    ]  # fmt: skip


def _notes(client: RpcClient, plan: Blueprint, tag: str) -> list[str]:
    found = governance(client, plan, tag)
    if found.pending_owner not in (ZERO_ADDRESS, found.owner):
        return [f"the ownership is offered to {found.pending_owner}, who has not accepted it yet"]
    return []


def _tokens(client: RpcClient, plan: Blueprint, tag: str) -> list[Pair]:
    tokens = plan.world.tokens
    data = plan.bindings.token.call("decimals", {})
    words = client.batch([("eth_call", [{"to": plan.names.address(each.name), "data": data}, tag]) for each in tokens])
    return [
        (f"decimals of {each.name}", str(each.decimals), _number(word))
        for each, word in zip(tokens, words, strict=True)
    ]


def _facets(client: RpcClient, plan: Blueprint, tag: str) -> list[Pair]:
    """The facet of every selector: that of the build, that by which calls run, and that which the views list."""
    doors = selectors(plan.build)
    signatures = {
        selector: signature
        for contract in doors
        for signature, selector in plan.build.artifacts[contract].method_identifiers.items()
    }
    made = {contract: plan.names.address(module_name(contract)) for contract in doors}
    expected = {each: made[contract] for contract, found in doors.items() for each in found}
    listed = _listed_facets(client, plan, tag)
    places = tuple(dict.fromkeys((*expected, *listed)))
    found: list[Pair] = []
    for selector, used in zip(places, _used_facets(client, plan, tag, places), strict=True):
        name, own = signatures.get(selector, f"0x{selector}"), expected.get(selector, ZERO_ADDRESS)
        found.append((f"facet of {name}", own, used))
        found.append((f"listed facet of {name}", own, listed.get(selector, ZERO_ADDRESS)))
    return found


def _listed_facets(client: RpcClient, plan: Blueprint, tag: str) -> dict[str, str]:
    """The facet of every selector in the list of facets on the chain."""
    from eth_abi.abi import decode

    data = "0x" + plan.build.artifacts["Diamond"].method_identifiers["facets()"]
    answer = client.rpc("eth_call", {"to": plan.vault, "data": data}, tag)
    [table] = decode(["(address,bytes4[])[]"], bytes.fromhex(answer[2:]))
    return {selector.hex(): facet for facet, found in table for selector in found}


def _functions(client: RpcClient, plan: Blueprint, tag: str) -> frozenset[str] | None:
    """The selectors in the vault's list of facets, of whichever version it is."""
    from eth_abi.exceptions import DecodingError

    try:
        return frozenset(_listed_facets(client, plan, tag))
    except (ChainRefused, DecodingError):
        return None


def _order_version(client: RpcClient, plan: Blueprint, tag: str) -> str:
    """The version of typed data that the exchange states (ERC-5267)."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    call = {"to": plan.addresses()["exchange"], "data": plan.bindings.exchange.call("eip712_domain", {})}
    try:
        domain_of = bytes.fromhex(client.rpc("eth_call", call, tag)[2:])
        return str(decode(["bytes1", "string", "string"], domain_of)[2])
    except (ChainRefused, DecodingError):
        return ""


def _used_facets(client: RpcClient, plan: Blueprint, tag: str, places: Sequence[str]) -> list[str]:
    """The facets whose code runs for some selectors."""
    view = plan.build.artifacts["Diamond"].method_identifiers["facetAddress(bytes4)"]
    data = ["0x" + view + each.ljust(64, "0") for each in places]
    calls: list[Request] = [("eth_call", [{"to": plan.vault, "data": each}, tag]) for each in data]
    parts = [calls[start : start + _AT_ONCE] for start in range(0, len(calls), _AT_ONCE)]
    return [_person(int(word, 16)) for part in parts for word in client.batch(part)]


def _number(word: str) -> str:
    return str(int(word, 16)) if word != "0x" else "nothing"


def parameters(client: RpcClient, plan: Blueprint, tag: str) -> Any:
    """Every parameter in force on the chain, by name."""
    data = client.rpc("eth_call", {"to": plan.vault, "data": plan.bindings.vault.call("parameters", {})}, tag)
    expected, [found] = expected_parameters(plan), plan.bindings.vault.result("parameters", data)
    return named(found, expected)


def expected_parameters(plan: Blueprint) -> Any:
    """Every parameter of the model after the same owner calls."""
    model = Model(plan.world)
    for step in plan.steps:
        verb = step.action.partition("_")[0]
        if verb in ("set", "list", "schedule", "enact") and step.event:
            at = 1 + (plan.world.delay_secs if step.action.startswith(ENACT) else 0)
            outcome = model.apply(doors.named(at, plan.deployer, step.action, step.args))
            assert outcome.refusal is None, f"{step.key}: {outcome.refusal}"
    return model.vault.parameters()


def named(value: Any, like: Any) -> Any:
    """Tuples with the field names of a value of the same shape; a longer list keeps its remaining entries."""
    if hasattr(like, "_asdict"):
        return type(like)(*(named(*pair) for pair in zip(value, like, strict=True)))
    if isinstance(like, tuple | list) and like:
        return tuple(named(each, like[min(i, len(like) - 1)]) for i, each in enumerate(value))
    return value


def _parameters(client: RpcClient, plan: Blueprint, tag: str) -> list[Pair]:
    expected = dict(_flat("", plain(expected_parameters(plan))))
    try:
        found = dict(_flat("", plain(parameters(client, plan, tag))))
    except (ChainRefused, ValueError):
        return [("parameters", "readable", "unreadable")]
    places = dict.fromkeys((*expected, *found))
    return [(place, expected.get(place, "nothing"), found.get(place, "nothing")) for place in places]


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(f"{name}.{key}" if name else key, each)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _flat(f"{name}[{place}]", each)
    else:
        yield name, str(value)
