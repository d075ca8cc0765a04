"""The testnet workflow by command line: a vault is deployed, seeded, played on and audited.

Plan and verification by the same script are in test_deployment_script.py.
"""

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

PASSPHRASE = "a passphrase that must stay secret"
TOKEN = "a-token-that-must-stay-secret"


class Terminal:
    """A terminal with an ape account and an endpoint. output: everything printed so far."""

    def __init__(self, folder: Path, node: RpcClient) -> None:
        self.folder, self.output = folder, ""
        self.signer = KeySigner(key("tester"))
        node.rpc("anvil_setBalance", self.signer.address, hex(10**19))
        accounts = folder / "ape" / "accounts"
        accounts.mkdir(parents=True)
        (accounts / "tester.json").write_text(json.dumps(Account.encrypt(key("tester"), PASSPHRASE)))
        self.env = os.environ | {
            "APE_DATA_FOLDER": str(folder / "ape"),
            "APE_ACCOUNTS_tester_PASSPHRASE": PASSPHRASE,
            "SEPOLIA_RPC_URL": f"{node.origin}/?key={TOKEN}",
        }

    def run(self, *words: str, code: int = 0) -> str:
        """Runs a command, requires its exit code, and returns its output."""
        ape = [str(Path(sys.executable).parent / "ape")]
        start = ape if words[0] == "run" and words[1] == "deploy" else [sys.executable, "-m", "crossvault"]
        done = subprocess.run([*start, *words], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        self.output += done.stdout + done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.mark.slow
def test_a_vault_is_deployed_seeded_played_on_and_audited(tmp_path: Path) -> None:
    story = yaml.safe_load((ROOT / "sim" / "crossvault" / "scenarios" / "testnet.scenario.yaml").read_text())
    del story["world"]["interest"]
    story["prices"]["ETH"]["every"] = "5s"  # a sixth of the duration: blocks come by the clock
    for step in story["steps"]:
        step["at"] = f"+{int(step['at'].strip('+s')) // 6}s"
    scenario = tmp_path / "short.scenario.yaml"
    scenario.write_text(yaml.safe_dump(story))
    file = params(tmp_path / "here")
    with stand_in() as node, mining(node, 0.1):
        terminal = Terminal(tmp_path, node)
        deploying = ["--network", "ethereum:sepolia", "--params", str(file), "--account", "tester"]
        applied = json.loads(terminal.run("run", "deploy", "apply", *deploying, "--json"))
        manifest = next(tmp_path.rglob("manifest.json"))
        assert json.loads(manifest.read_text())["chain_id"] == SEPOLIA
        live = ["--network", "ethereum:sepolia", "--deployment", str(manifest), "--account", "tester", "--json"]
        seeded = json.loads(terminal.run("seed", str(scenario), *live))
        again = json.loads(terminal.run("seed", str(scenario), *live))
        assert (seeded["steps"], seeded["differences"]) == (17, [])
        assert again["steps"] == 1 and again["actions"] == {"publish_price": 1}
        ran = json.loads(terminal.run("run", str(scenario), *live))
        assert (ran["steps"], ran["refusals"], ran["failure"]) == (26, {"InsufficientMargin": 1}, None)
        rpc = terminal.env["SEPOLIA_RPC_URL"]
        audited = terminal.run(
            "audit", "--rpc", rpc, "--deployment", str(manifest), "--checkpoint", str(tmp_path / "kept")
        )
        assert "no difference" in audited
        other = load_other(tmp_path, scenario)
        assert "in the story" in _stderr(terminal, "run", str(other), *live)
    assert applied
    for secret in (PASSPHRASE, TOKEN, key("tester").hex()):
        assert secret not in terminal.output
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


def _stderr(terminal: Terminal, *words: str) -> str:
    before = len(terminal.output)
    terminal.run(*words, code=2)
    return terminal.output[before:]
