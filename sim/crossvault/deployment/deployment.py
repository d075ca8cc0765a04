"""One deployment on one chain, from a file of parameters and an endpoint: what the commands do and answer."""

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
from crossvault.rpc.transactions import DEFAULT_POLLING, Limits, PollingPolicy, TransactionSender, require_chain
from crossvault.setup import toolchain

_REORGANISED = 64  # blocks


class AccountNeeded(BadInput):
    """Nobody said who deploys, and no journal does."""


class DeploymentStatus(NamedTuple):
    """A deployment as it stands. deep: under enough blocks."""

    now: ChainSnapshot
    deep: ChainSnapshot


class ApplyOptions(NamedTuple):
    """How steps are done. wait: for what was announced; said, tick: hear of it; written: of lines of the journal."""

    wait: bool = False
    said: Callable[[str], None] = lambda text: None
    tick: Callable[[int], None] = lambda done: None
    written: Callable[[int], None] = lambda number: None
    pace: PollingPolicy = DEFAULT_POLLING


class Deployment:
    """A deployment: its parameters, its blueprint, its journal, and the chain that it is for."""

    def __init__(self, path: Path, wire: RpcClient, deployer: str | None, allow_money: bool = False) -> None:
        """deployer: address; where it is none, the journal must know. Nothing is asked of a chain of another id.

        Raises ScenarioError, MoneyRefused, WrongChain, FactoryMissing, AccountNeeded, BadJournal.
        """
        self.asked: ParamsFile = load(path)
        params = self.asked.params
        chains.require_test(params.chain, allow_money)
        require_chain(wire, params.chain)
        self.wire, self.folder = wire, path.parent / "deployments" / f"{params.name}-{params.chain}"
        opening = self.journal().opening
        found = deployer or (opening and str(opening["deployer"]))
        if not found:
            raise AccountNeeded(f"{path}: was not begun on chain {params.chain}: expected --account, who deploys")
        require_factory(wire)
        self.plan = Blueprint(self.asked, compile_contracts(), found.lower())

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is."""
        return self.folder / "manifest.json"

    @property
    def handover_path(self) -> Path:
        """Where the file for a Safe is."""
        return self.folder / "accept-ownership.json"

    def journal(self, written: Callable[[int], None] = lambda number: None) -> Journal:
        """The journal as it is now."""
        return journal.read(self.folder / "journal.jsonl", self.asked.params.chain, written)

    def survey(self) -> ChainSnapshot:
        """What stands now."""
        return self._surveyor(self.journal()).look()

    def expected(self) -> tuple[ChainSnapshot, Estimate]:
        """What stands now, and what the rest will take."""
        survey = self.survey()
        return survey, estimate(self.wire, self.plan, survey)

    def standing(self) -> DeploymentStatus:
        """What stands now, and what of it under enough blocks."""
        surveyor = self._surveyor(self.journal())
        now = surveyor.look()
        depth = self.asked.params.confirmations - 1
        return DeploymentStatus(now, surveyor.look(max(0, now.number - depth)) if depth else now)

    def apply(self, signer: Signer, options: ApplyOptions, owner: Signer | None = None) -> tuple[ApplyResult, bool]:
        """Does what is missing, and writes the manifest; answers what it came to and whether all is done.

        owner: whoever accepts the ownership, if that is to be done too. Raises Busy, InputChanged, StepFailed,
        Conflict, TooDear, ChainLost, ChainRefused.
        """
        params = self.asked.params
        with journal.held(self.folder / "journal.jsonl"):
            kept = self.journal(options.written)
            for number in kept.torn:
                options.said(
                    f"{kept.path}:{number}: nobody finished writing this line; what it was about was never sent"
                )
            since = 0 if kept.opening else first_block(self.wire, self.plan.vault)
            kept.open(self.plan.deployer, self.asked.input(), self.plan.hashes(), since)
            limits = Limits(params.limits.fee, params.limits.gas)
            surveyor = self._surveyor(kept)

            def work(by: Signer) -> DeploymentApply:
                courier = TransactionSender(self.wire, by, params.chain, limits, options.pace)
                return DeploymentApply(self.plan, surveyor, courier, kept, params.confirmations,
                options.wait, options.said,
                             options.tick)  # fmt: skip

            ended = work(signer).run()
            if ended.waiting is None and owner is not None and self.plan.step(ACCEPT):
                ended = work(owner).run(lambda step: step.action == ACCEPT)
            if ended.waiting is None:
                self._conclude(ended.survey)
            return ended, all(ended.survey.is_done(step) for step in self.plan.steps)

    def verify(self) -> verify.VerifyResult:
        """Whether what stands is what was tested."""
        return verify.verify(self.wire, self.plan)

    def described(self, survey: ChainSnapshot) -> manifest.Manifest:
        """The manifest of what stands at a block."""
        plan, params, tag = self.plan, self.asked.params, hex(survey.number)
        governs = verify.governance(self.wire, plan, tag)
        assert survey.opened is not None
        block = self.wire.rpc("eth_getBlockByNumber", survey.opened["blockNumber"], False)
        waits = governs.pending_owner not in (verify.NOBODY, governs.owner)
        return manifest.Manifest(
            name=params.name, about=params.about.strip(), chain_id=params.chain,
            complete=all(survey.is_done(step) for step in plan.steps),
            vault=plan.vault, exchange=plan.addresses()["exchange"], addresses=plan.addresses(),
            deployer=plan.deployer, owner=governs.owner, pending_owner=governs.pending_owner if waits else None,
            guardian=governs.guardian, feeders=governs.feeders,
            quote=plan.world.quote, tokens=self._tokens(),
            underlyings=list(params.world.underlyings),
            collaterals=list(params.world.collaterals),
            block=manifest.DeploymentBlock(
                number=int(block["number"], 16), hash=block["hash"], at=int(block["timestamp"], 16)
            ),
            parameters=manifest.plain(verify.parameters(self.wire, plan, tag)), contracts=self._contracts(tag),
            compiler=_compiler(plan), input=self.asked.input(),
        )  # fmt: skip

    def _surveyor(self, kept: Journal) -> ChainInspector:
        opening = kept.opening
        since = int(opening["from_block"]) if opening else first_block(self.wire, self.plan.vault)
        return ChainInspector(self.wire, self.plan, since)

    def _conclude(self, survey: ChainSnapshot) -> None:
        manifest.write(self.manifest_path, self.described(survey))
        accept = self.plan.step(ACCEPT)
        if accept and not survey.is_done(accept):
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
        codes = verify.code_of(self.wire, self.plan, tag)
        return {step.name: _contract(step, codes[step.key]) for step in self.plan.steps if step.makes}


def first_block(wire: RpcClient, address: str) -> int:
    """A block before which there is nothing at an address; 0 where the endpoint no longer knows old blocks.

    Others may have begun already, so it is looked for; blocks that a reorganisation may replace are left before it.
    """
    low, high = 0, int(wire.rpc("eth_blockNumber"), 16)
    if wire.rpc("eth_getCode", address, "latest") == "0x":
        return max(0, high - _REORGANISED)
    try:
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if wire.rpc("eth_getCode", address, hex(middle)) != "0x" else (middle + 1, high)
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
