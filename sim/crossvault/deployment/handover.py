"""The second step of an ownership transfer, which the new owner executes: the call, and a file for a Safe."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from crossvault.deployment.blueprint import ACCEPT, Blueprint


def batch(plan: Blueprint) -> dict[str, Any]:
    """The acceptance in the format of the Safe Transaction Builder."""
    from eth_utils.address import to_checksum_address

    accept = plan.step(ACCEPT)
    assert accept is not None
    return {
        "version": "1.0",
        "chainId": str(plan.params.chain),
        "createdAt": int(time.time() * 1000),
        "meta": {
            "name": f"Own the vault {plan.params.name}",
            "description": f"Accepts the ownership of the vault at {plan.vault}",
            "createdFromSafeAddress": to_checksum_address(plan.owner),
        },
        "transactions": [
            {
                "to": to_checksum_address(plan.vault),
                "value": "0",
                "data": accept.data,
                "contractMethod": {"inputs": [], "name": "acceptOwnership", "payable": False},
                "contractInputsValues": None,
            }
        ],
    }


def write(path: Path, plan: Blueprint) -> None:
    """Writes the file that a Safe imports."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(batch(plan), indent=1) + "\n", encoding="utf8")
