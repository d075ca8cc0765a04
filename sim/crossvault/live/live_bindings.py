"""What a company says to a deployed vault: as to one of our own, but with keys that only it has."""

from __future__ import annotations

from crossvault.differential.step import CHAIN_ID
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import Build
from crossvault.evm.signing import digest_of
from crossvault.live.actors import LiveActors
from crossvault.mirror.exchange import Signature
from crossvault.rpc.signer import KeySigner


class LiveBindings(Bindings):
    """The doors of a deployed vault. An order that is signed for the model's chain is signed for this one."""

    def __init__(self, build: Build, names: AddressBook, company: LiveActors, chain_id: int) -> None:
        super().__init__(build, names)
        self._company, self._chain_id = company, chain_id

    def _signed(self, signature: Signature) -> str:
        signer = self._company.signer(signature.signer)
        if not isinstance(signer, KeySigner):
            raise ValueError(f"{signature.signer} is played by an account that signs no orders here")
        chain_id = self._chain_id if signature.chain_id == CHAIN_ID else signature.chain_id
        digest = digest_of(signature._replace(chain_id=chain_id), self.names.number)
        return signer.sign_hash(digest).hex()
