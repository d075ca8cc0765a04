"""A deployment on one chain, defined by a parameter file and an endpoint: the operations behind the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from crossvault.deployment import chains, handover, journal, manifest, verify
from crossvault.deployment.apply import ApplyResult, DeploymentApply
from crossvault.deployment.blueprint import ACCEPT, Blueprint, DeploymentStep
from crossvault.deployment.estimate import Estimate, estimate
from crossvault.deployment.journal import Journal
from crossvault.deployment.onchain import ChainInspector, ChainSnapshot, require_factory
from crossvault.deployment.params import ParamsFile, load
from crossvault.differential.ending import BadInput
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.compiler import EVM_VERSION, SETTINGS, compile_contracts
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import Signer
from crossvault.rpc.transactions import (
    DEFAULT_POLLING,
    PollingPolicy,
    TransactionLimits,
    TransactionSender,
    require_chain,
)
from crossvault.setup import toolchain

_REORGANISED = 64  # blocks


class DeployerRequired(BadInput):
    """The deployer is given neither by an option nor by a journal."""


class DeploymentStatus(NamedTuple):
    """State of a deployment. now: at the latest block; deep: at the latest confirmed block."""

    now: ChainSnapshot
    deep: ChainSnapshot


class ApplyOptions(NamedTuple):
    """Options of a run. wait: for delayed changes; notify, tick: callbacks for messages and progress; on_line: for
    each journal line."""

    wait: bool = False
    notify: Callable[[str], None] = lambda text: None
    tick: Callable[[int], None] = lambda done: None
    on_line: Callable[[int], None] = lambda number: None
    pace: PollingPolicy = DEFAULT_POLLING


class Deployment:
    """A deployment: its parameters, its blueprint, its journal and its chain."""

    def __init__(self, path: Path, client: RpcClient, deployer: str | None, allow_mainnet: bool = False) -> None:
        """deployer: address; None reads it from the journal. A chain with another id receives no further request.

        Raises ScenarioError, MainnetRefused, WrongChain, FactoryMissing, DeployerRequired, BadJournal.
        """
        self.params_file: ParamsFile = load(path)
        params = self.params_file.params
        chains.require_test(params.chain, allow_mainnet)
        require_chain(client, params.chain)
        self.client, self.folder = client, path.parent / "deployments" / f"{params.name}-{params.chain}"
        opening = self.journal().opening
        found = deployer or (opening and str(opening["deployer"]))
        if not found:
            raise DeployerRequired(
                f"{path}: has no journal on chain {params.chain}: expected --account, the account that deploys"
            )
        require_factory(client)
        self.plan = Blueprint(self.params_file, compile_contracts(), found.lower())

    @property
    def manifest_path(self) -> Path:
        """The path of the manifest."""
        return self.folder / "manifest.json"

    @property
    def handover_path(self) -> Path:
        """The path of the file for a Safe."""
        return self.folder / "accept-ownership.json"

    def journal(self, written: Callable[[int], None] = lambda number: None) -> Journal:
        """Reads the journal."""
        return journal.read(self.folder / "journal.jsonl", self.params_file.params.chain, written)

    def snapshot(self) -> ChainSnapshot:
        """Reads the state of every step at the latest block."""
        return self._inspector(self.journal()).inspect()

    def expected(self) -> tuple[ChainSnapshot, Estimate]:
        """The latest state, and the estimated gas of the missing steps."""
        snapshot = self.snapshot()
        return snapshot, estimate(self.client, self.plan, snapshot)

    def status(self) -> DeploymentStatus:
        """The latest state, and the state with enough confirmations."""
        inspector = self._inspector(self.journal())
        now = inspector.inspect()
        depth = self.params_file.params.confirmations - 1
        return DeploymentStatus(now, inspector.inspect(max(0, now.number - depth)) if depth else now)

    def apply(self, signer: Signer, options: ApplyOptions, owner: Signer | None = None) -> tuple[ApplyResult, bool]:
        """Executes the missing steps and writes the manifest; returns the result and whether all steps are done.

        owner: signer that accepts the ownership, if given. Raises DeploymentBusy, InputChanged, StepFailed,
        Conflict, FeeTooHigh, ChainLost, ChainRefused.
        """
        params = self.params_file.params
        with journal.locked(self.folder / "journal.jsonl"):
            kept = self.journal(options.on_line)
            for number in kept.torn:
                options.notify(f"{kept.path}:{number}: incomplete line; its transaction was never sent")
            since = 0 if kept.opening else first_block(self.client, self.plan.vault)
            kept.open(self.plan.deployer, self.params_file.input(), self.plan.hashes(), since)
            limits = TransactionLimits(params.limits.fee, params.limits.gas)
            inspector = self._inspector(kept)

            def executor(by: Signer) -> DeploymentApply:
                sender = TransactionSender(self.client, by, params.chain, limits, options.pace)
                return DeploymentApply(self.plan, inspector, sender, kept, params.confirmations,
                options.wait, options.notify,
                             options.tick)  # fmt: skip

            ended = executor(signer).run()
            if ended.waiting is None and owner is not None and self.plan.step(ACCEPT):
                ended = executor(owner).run(lambda step: step.action == ACCEPT)
            if ended.waiting is None:
                self._conclude(ended.snapshot)
            return ended, all(ended.snapshot.is_done(step) for step in self.plan.steps)

    def verify(self) -> verify.VerifyResult:
        """Compares the deployed code and parameters with the tested ones."""
        return verify.verify(self.client, self.plan)

    def manifest_at(self, snapshot: ChainSnapshot) -> manifest.Manifest:
        """The manifest of the deployment at a block."""
        plan, params, tag = self.plan, self.params_file.params, hex(snapshot.number)
        governs = verify.governance(self.client, plan, tag)
        assert snapshot.opened is not None
        block = self.client.rpc("eth_getBlockByNumber", snapshot.opened["blockNumber"], False)
        waits = governs.pending_owner not in (verify.ZERO_ADDRESS, governs.owner)
        return manifest.Manifest(
            name=params.name, about=params.about.strip(), chain_id=params.chain,
            complete=all(snapshot.is_done(step) for step in plan.steps),
            vault=plan.vault, exchange=plan.addresses()["exchange"], addresses=plan.addresses(),
            deployer=plan.deployer, owner=governs.owner, pending_owner=governs.pending_owner if waits else None,
            guardian=governs.guardian, feeders=governs.feeders,
            quote=plan.world.quote, tokens=self._tokens(),
            underlyings=list(params.world.underlyings),
            collaterals=list(params.world.collaterals),
            block=manifest.DeploymentBlock(
                number=int(block["number"], 16), hash=block["hash"], at=int(block["timestamp"], 16)
            ),
            parameters=manifest.plain(verify.parameters(self.client, plan, tag)), contracts=self._contracts(tag),
            compiler=_compiler(plan), input=self.params_file.input(),
        )  # fmt: skip

    def _inspector(self, kept: Journal) -> ChainInspector:
        opening = kept.opening
        since = int(opening["from_block"]) if opening else first_block(self.client, self.plan.vault)
        return ChainInspector(self.client, self.plan, since)

    def _conclude(self, snapshot: ChainSnapshot) -> None:
        manifest.write(self.manifest_path, self.manifest_at(snapshot))
        accept = self.plan.step(ACCEPT)
        if accept and not snapshot.is_done(accept):
            handover.write(self.handover_path, self.plan)

    def _tokens(self) -> list[manifest.TokenRecord]:
        made = {step.name for step in self.plan.steps if step.makes}
        return [
            manifest.TokenRecord.model_validate(
                {**spec._asdict(), "address": self.plan.names.address(spec.name), "ours": spec.name in made}
            )
            for spec in self.plan.world.tokens
        ]

    def _contracts(self, tag: str) -> dict[str, manifest.ContractRecord]:
        codes = verify.code_of(self.client, self.plan, tag)
        return {step.name: _contract(step, codes[step.key]) for step in self.plan.steps if step.makes}


def first_block(client: RpcClient, address: str) -> int:
    """A block at or before the first code at an address; 0 where the endpoint has pruned old state.

    Another machine may have started already, so the block is searched for, less a margin for reorganisations.
    """
    low, high = 0, int(client.rpc("eth_blockNumber"), 16)
    if client.rpc("eth_getCode", address, "latest") == "0x":
        return max(0, high - _REORGANISED)
    try:
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if client.rpc("eth_getCode", address, hex(middle)) != "0x" else (middle + 1, high)
    except ChainRefused:
        return 0
    return max(0, low - _REORGANISED)


def _contract(step: DeploymentStep, code: str) -> manifest.ContractRecord:
    from eth_utils.crypto import keccak

    runtime = "0x" + keccak(bytes.fromhex(code[2:])).hex()
    return manifest.ContractRecord(
        contract=step.contract, address=step.address, creation_hash=step.hash, runtime_hash=runtime
    )


def _compiler(plan: Blueprint) -> manifest.Compiler:
    packages = {name: toolchain.package_version(name) or "" for name in toolchain.dependencies()}
    return manifest.Compiler(
        solc=toolchain.versions()["solc"], evm=EVM_VERSION, optimizer_runs=int(SETTINGS["optimizer"]["runs"]),
        via_ir=bool(SETTINGS["viaIR"]), dependencies=packages, build=plan.build.hash,
    )  # fmt: skip
