"""ape's networks and accounts, without prompts: the endpoint and the signer that a command line names.

The only module that imports ape. Its log messages do not reach the terminal, and no endpoint is shown in full.
"""

from __future__ import annotations

import os
import re
from typing import Any

from crossvault.rpc.signer import AccountUnknown as AccountUnknown, NetworkUnknown as NetworkUnknown, Transaction

_KEY = "ETHERSCAN_API_KEY"
_UNSET = re.compile(r"\$\{?(\w+)\}?")


def endpoint(choice: str) -> str:
    """The endpoint URL of a network choice such as `ethereum:sepolia` or `base:sepolia:node`; it may be secret.

    The URL of a node is a choice too. Raises NetworkUnknown.
    """
    _silence_ape()
    from ape import networks
    from ape.exceptions import ApeException, ConfigError

    if choice.startswith(("http://", "https://")):
        return choice
    full = choice if choice.count(":") >= 2 else f"{choice}:node"
    try:
        provider: Any = networks.parse_network_choice(full)._provider
        found = str(provider.uri)
    except ConfigError as wrong:
        if unset := _UNSET.search(str(wrong)):
            raise NetworkUnknown(f"{choice}: ${unset[1]} is not set: expected the address of its endpoint") from None
        raise NetworkUnknown(f"{choice}: ape's configuration of its endpoint is not usable") from None
    except (ApeException, ValueError, AttributeError):
        raise NetworkUnknown(
            f"{choice}: ape knows no such network: expected one such as ethereum:local, ethereum:sepolia, "
            "base:sepolia, arbitrum:sepolia, optimism:sepolia"
        ) from None
    if unset := _UNSET.search(found):
        raise NetworkUnknown(f"{choice}: ${unset[1]} is not set: expected the address of its endpoint")
    return found


class ApeSigner:
    """An account of ape that signs without a prompt."""

    def __init__(self, account: Any) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """Its address (hex, lower case)."""
        return str(self._account.address).lower()

    def sign(self, transaction: Transaction) -> bytes:
        """Signs a transaction and returns its raw bytes."""
        from ape import networks
        from eth_utils.address import to_checksum_address

        fields = dict(transaction)
        if fields.get("to"):
            fields["to"] = to_checksum_address(fields["to"])
        signed = self._account.sign_transaction(networks.ethereum.create_transaction(**fields))
        if signed is None:
            raise AccountUnknown(f"the account {self.address} did not sign")
        return bytes(signed.serialize_transaction())

    def sign_text(self, text: str) -> bytes:
        """Signs a text (EIP-191); the signature is deterministic."""
        signed = self._account.sign_message(text)
        if signed is None:
            raise AccountUnknown(f"the account {self.address} did not sign")
        return bytes(signed.encode_rsv())


def address(alias: str) -> str:
    """Address of an account of ape (hex, lower case), which stays locked. Raises AccountUnknown."""
    return str(_account(alias).address).lower()


def signer(alias: str) -> ApeSigner:
    """An account of ape, unlocked by $APE_ACCOUNTS_<alias>_PASSPHRASE. Raises AccountUnknown."""
    account = _account(alias)
    variable = f"APE_ACCOUNTS_{alias}_PASSPHRASE"
    if not hasattr(account, "set_autosign"):
        return ApeSigner(account)
    if not (passphrase := os.environ.get(variable)):
        raise AccountUnknown(f"the account {alias!r} is locked: set ${variable}; there is no prompt")
    from ape.exceptions import AccountsError

    try:
        account.set_autosign(True, passphrase=passphrase)
    except (AccountsError, ValueError):
        raise AccountUnknown(f"the account {alias!r} is not unlocked by ${variable}: wrong passphrase?") from None
    return ApeSigner(account)


def _account(alias: str) -> Any:
    _silence_ape()
    from ape import accounts

    try:
        return accounts.load(alias)
    except (KeyError, IndexError, ValueError):
        known = ", ".join(sorted(each for each in accounts.aliases if each)) or "none"
        raise AccountUnknown(
            f"ape has no account {alias!r}; there are: {known}. `ape accounts import {alias}`"
        ) from None


def _silence_ape() -> None:
    """Keeps ape's own warnings out of the output, because `--json` is one document."""
    from ape.logging import LogLevel, logger

    logger.set_level(LogLevel.ERROR)


def has_explorer_key() -> bool:
    """Whether ape-etherscan has a key."""
    return bool(os.environ.get(_KEY))


def publish(choice: str, made: Any) -> str:
    """Submits the source of a contract to the network's explorer through ape-etherscan; returns the result as text."""
    _silence_ape()
    from ape import networks
    from ape.exceptions import ApeException
    from eth_utils.address import to_checksum_address
    from requests.exceptions import RequestException

    full = choice if choice.count(":") >= 2 else f"{choice}:node"
    try:
        with networks.parse_network_choice(full) as provider:
            explorer: Any = provider.network.explorer
            if explorer is None:
                return f"{made.key}: ape knows no explorer of {choice}"
            client = explorer._client_factory.get_contract_client(to_checksum_address(made.address))
            answer = client.verify_source_code(
                made.source, made.compiler, contract_name=made.unit, optimization_used=True,
                constructor_arguments=made.arguments,
            )  # fmt: skip
            return f"{made.key}: submitted to the explorer: {answer}"
    except (ApeException, RequestException) as refused:
        return f"{made.key}: not published: {type(refused).__name__}"
