"""`ape run deploy` with a keystore account and an endpoint from the environment; no secret is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crossvault.audit.interface_versions import todays_number
from crossvault.deployment.deployment import Deployment
from crossvault.deployment.manifest import load
from crossvault.rpc.client import RpcClient
from deploying import assert_complete, params, url
from faults import Faults
from places import ROOT
from testnet import RICH, funded, key, stand_in

PASSPHRASE = "a-pass-phrase-of-tests"


class ScriptRun(NamedTuple):
    """A node, a proxy with an access token in its address, a parameter file and ape's data folder."""

    client: RpcClient
    proxy: Faults
    path: Path
    environment: dict[str, str]

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `ape run deploy` with arguments."""
        ape = Path(sys.executable).parent / "ape"
        command = [str(ape), "run", "deploy", *words, "--network", "ethereum:sepolia", "--params", str(self.path)]
        variables = {name: value for name, value in {**self.environment, **environment}.items() if value}
        return subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
        )


@pytest.fixture
def script(tmp_path: Path) -> Iterator[ScriptRun]:
    from eth_account import Account

    accounts = tmp_path / "ape" / "accounts"
    accounts.mkdir(parents=True)
    keyfile = Account.encrypt(key("deployer"), PASSPHRASE, kdf="pbkdf2", iterations=1_000)
    (accounts / "tester.json").write_text(json.dumps(keyfile))
    with stand_in() as client:
        funded(client, "deployer")
        proxy = Faults(url(client))
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
            "APE_DATA_FOLDER": str(tmp_path / "ape"), "SEPOLIA_RPC_URL": proxy.url,
            "APE_ACCOUNTS_tester_PASSPHRASE": PASSPHRASE,
        }  # fmt: skip
        yield ScriptRun(client, proxy, params(tmp_path / "work"), environment)
        proxy.close()


@pytest.mark.slow
def test_a_deployment_from_plan_to_verification(script: ScriptRun, tmp_path: Path) -> None:
    runs: list[subprocess.CompletedProcess[str]] = []

    def document(*words: str, code: int = 0) -> Any:
        done = script.run(*words, "--json")
        runs.append(done)
        assert (done.returncode, done.stderr) == (code, "")
        return json.loads(done.stdout)

    plan = document("plan", "--account", "tester")
    assert plan["enough"] and plan["balance_wei"] == RICH and plan["gas"] > 20_000_000
    assert {step["state"] for step in plan["steps"]} == {"missing"}
    applied = document("apply", "--account", "tester")
    assert applied["complete"] and applied["vault"] == plan["vault"]
    assert_complete(Deployment(script.path, script.client, None))
    status = document("status")
    assert status["complete"] and {step["state"] for step in status["steps"]} == {"done"}
    verified = script.run("verify")
    runs.append(verified)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "deployed by 0x" in verified.stdout and "things compared" in verified.stdout
    assert "no difference" in verified.stdout
    shown = f"interface of the vault: interface {todays_number()} (the contracts of this version);"
    assert f"{shown} version of signed orders: 2" in " ".join(verified.stdout.split())
    script.client.rpc("anvil_setCode", plan["exchange"], "0x00")
    gone = document("verify", code=1)
    assert [each["what"] for each in gone["differences"]] == ["code of Exchange"]
    assert (gone["interface"], gone["order_version"]) == (todays_number(), "")
    assert load(Path(applied["manifest"])).vault == plan["vault"]
    files = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert {"journal.jsonl", "manifest.json", "Vault.json"} <= {path.name for path in files}
    texts = [path.read_text(encoding="utf8") for path in files]
    texts += [each.stdout + each.stderr for each in runs]
    for secret in (key("deployer").hex(), PASSPHRASE, "a-secret-token"):
        assert not [text for text in texts if secret in text]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (["apply", "--account", "tester"], {"APE_ACCOUNTS_tester_PASSPHRASE": ""}, "set $APE_ACCOUNTS_tester_PASS"),
        (["plan", "--account", "tster"], {"SEPOLIA_RPC_URL": ""}, "$SEPOLIA_RPC_URL is not set"),
    ],
)  # fmt: skip
def test_missing_settings_are_reported_without_a_prompt(
    script: ScriptRun, words: list[str], environment: dict[str, str], message: str
) -> None:
    done = script.run(*words, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert PASSPHRASE not in done.stderr and "a-secret-token" not in done.stderr
    assert script.client.rpc("eth_blockNumber") == "0x0"


@pytest.mark.slow
def test_all_networks_of_the_configuration_are_known() -> None:
    program = """
from crossvault.rpc import ape_networks as networks
for choice in ("ethereum:sepolia", "base:sepolia", "arbitrum:sepolia", "optimism:sepolia", "ethereum:local"):
    print(choice, networks.endpoint(choice))
try:
    networks.endpoint("ethereum:sepolai")
except networks.NetworkUnknown as unknown:
    print(unknown)
"""
    names = ("SEPOLIA", "BASE_SEPOLIA", "ARBITRUM_SEPOLIA", "OPTIMISM_SEPOLIA")
    environment = {**os.environ, **{f"{name}_RPC_URL": f"https://{name.lower()}.test/key" for name in names}}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    *known, unknown = done.stdout.splitlines()
    assert known == [
        "ethereum:sepolia https://sepolia.test/key",
        "base:sepolia https://base_sepolia.test/key",
        "arbitrum:sepolia https://arbitrum_sepolia.test/key",
        "optimism:sepolia https://optimism_sepolia.test/key",
        "ethereum:local http://127.0.0.1:8545",
    ]
    assert unknown.startswith("ethereum:sepolai: ape knows no such network")


_PUBLISHES = """
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

class Explorer(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        print(json.dumps({name: values[0] for name, values in form.items()}))
        body = json.dumps({"status": "1", "message": "OK", "result": "guid-1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Explorer)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"

import ape_etherscan.client, ape_etherscan.explorer
chains = [{"chainid": "11155111", "blockexplorer": url, "apiurl": url + "/api"}]  # otherwise fetched from the explorer
ape_etherscan.client.get_supported_chains = ape_etherscan.explorer.get_supported_chains = lambda: chains

from crossvault.rpc import ape_networks as networks
from crossvault.deployment.explorer import Publication

source = {"language": "Solidity"}
made = Publication("Stress", "0x" + "1f" * 20, "contracts/Stress.sol:Stress", source, "00ff", "v0.8.37")
print(networks.publish("ethereum:sepolia", made))
"""


@pytest.mark.slow
def test_the_source_is_submitted_to_the_explorer(script: ScriptRun) -> None:
    environment = {
        **script.environment,
        "ETHERSCAN_API_KEY": "a-key-of-an-explorer",
        "SEPOLIA_RPC_URL": url(script.client),
    }
    command = [sys.executable, "-c", _PUBLISHES]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    form, report = done.stdout.splitlines()
    assert report == "Stress: submitted to the explorer: guid-1"
    given = json.loads(form)
    assert (given["codeformat"], given["contractname"]) == (
        "solidity-standard-json-input",
        "contracts/Stress.sol:Stress",
    )
    assert (given["compilerversion"], given["constructorArguements"]) == ("v0.8.37", "00ff")
    assert given["apikey"] == "a-key-of-an-explorer" and given["apikey"] not in report
