"""The whole way onto a chain, by the commands that people type: deployed, verified, seeded, played on, audited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from eth_account import Account

from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner
from deploying import params
from places import ROOT
from testnet import SEPOLIA, key, mining, stand_in

PASSPHRASE = "a passphrase that nobody may see"
TOKEN = "a-token-that-nobody-may-see"


class Person:
    """Somebody at a terminal, with an account of ape and an endpoint. said: everything that was printed."""

    def __init__(self, folder: Path, node: RpcClient) -> None:
        self.folder, self.said = folder, ""
        self.signer = KeySigner(key("somebody"))
        node.rpc("anvil_setBalance", self.signer.address, hex(10**19))
        accounts = folder / "ape" / "accounts"
        accounts.mkdir(parents=True)
        (accounts / "somebody.json").write_text(json.dumps(Account.encrypt(key("somebody"), PASSPHRASE)))
        self.env = os.environ | {
            "APE_DATA_FOLDER": str(folder / "ape"),
            "APE_ACCOUNTS_somebody_PASSPHRASE": PASSPHRASE,
            "SEPOLIA_RPC_URL": f"{node.origin}/?key={TOKEN}",
        }

    def types(self, *words: str, code: int = 0) -> str:
        """What a command prints; it must end with an exit code."""
        ape = [str(Path(sys.executable).parent / "ape")]
        start = ape if words[0] == "run" and words[1] == "deploy" else [sys.executable, "-m", "crossvault"]
        done = subprocess.run([*start, *words], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        self.said += done.stdout + done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.mark.slow
def test_a_vault_is_deployed_verified_seeded_played_on_and_audited(tmp_path: Path) -> None:
    story = yaml.safe_load((ROOT / "sim" / "crossvault" / "scenarios" / "testnet.scenario.yaml").read_text())
    del story["world"]["interest"]
    story["prices"]["ETH"]["every"] = "5s"  # a sixth of its time: blocks come by the clock
    for step in story["steps"]:
        step["at"] = f"+{int(step['at'].strip('+s')) // 6}s"
    scenario = tmp_path / "short.scenario.yaml"
    scenario.write_text(yaml.safe_dump(story))
    file = params(tmp_path / "here")
    with stand_in() as node, mining(node, 0.1):
        person = Person(tmp_path, node)
        deploying = ["--network", "ethereum:sepolia", "--params", str(file), "--account", "somebody"]
        assert "enough" in person.types("run", "deploy", "plan", *deploying)
        applied = json.loads(person.types("run", "deploy", "apply", *deploying, "--json"))
        manifest = next(tmp_path.rglob("manifest.json"))
        assert json.loads(manifest.read_text())["chain_id"] == SEPOLIA
        assert "no difference" in person.types("run", "deploy", "verify", *deploying)
        live = ["--network", "ethereum:sepolia", "--deployment", str(manifest), "--account", "somebody", "--json"]
        seeded = json.loads(person.types("seed", str(scenario), *live))
        again = json.loads(person.types("seed", str(scenario), *live))
        assert (seeded["steps"], seeded["differences"]) == (17, [])
        assert again["steps"] == 1 and again["actions"] == {"publish_price": 1}
        ran = json.loads(person.types("run", str(scenario), *live))
        assert (ran["steps"], ran["refusals"], ran["failure"]) == (26, {"InsufficientMargin": 1}, None)
        rpc = person.env["SEPOLIA_RPC_URL"]
        told = person.types(
            "audit", "--rpc", rpc, "--deployment", str(manifest), "--checkpoint", str(tmp_path / "kept")
        )
        assert "no difference" in told
        other = load_other(tmp_path, scenario)
        assert "in the story" in _stderr(person, "run", str(other), *live)
    assert applied
    for secret in (PASSPHRASE, TOKEN, key("somebody").hex()):
        assert secret not in person.said
        files = [
            each for each in tmp_path.rglob("*") if each.is_file() and "ape" not in each.relative_to(tmp_path).parts
        ]
        assert len(files) > 5
        assert [each for each in files if secret in each.read_text(errors="replace")] == []


def load_other(folder: Path, scenario: Path) -> Path:
    """The same scenario with another margin."""
    path = folder / "other.scenario.yaml"
    path.write_text(scenario.read_text().replace("initial margin: 10 %", "initial margin: 12 %"))
    assert path.read_text() != scenario.read_text()
    return path


def _stderr(person: Person, *words: str) -> str:
    before = len(person.said)
    person.types(*words, code=2)
    return person.said[before:]
