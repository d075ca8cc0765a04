"""Bindings of a deployed vault: orders are signed with the keys of the actors."""

from __future__ import annotations

from crossvault.differential.step import CHAIN_ID
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.signing import digest_of
from crossvault.live.actors import LiveActors
from crossvault.mirror.exchange import Signature
from crossvault.rpc.signer import KeySigner


class LiveBindings(Bindings):
    """Bindings of a deployed vault. Orders for the model's chain id are signed for the deployed chain's id."""

    def __init__(self, build: Build, names: AddressBook, actors: LiveActors, chain_id: int) -> None:
        super().__init__(build, names)
        self._actors, self._chain_id = actors, chain_id

    def _sign(self, signature: Signature) -> str:
        signer = self._actors.signer(signature.signer)
        if not isinstance(signer, KeySigner):
            raise ValueError(f"{signature.signer} is an external account, which cannot sign orders here")
        chain_id = self._chain_id if signature.chain_id == CHAIN_ID else signature.chain_id
        digest = digest_of(signature._replace(chain_id=chain_id), self.names.number)
        return signer.sign_hash(digest).hex()
