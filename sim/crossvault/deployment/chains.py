"""Chain ids of testnets, mainnets and rollups."""

from __future__ import annotations

from crossvault.differential.ending import BadInput

TESTNETS = {
    1_337: "a local node",
    31_337: "a local node",
    17_000: "Holesky",
    84_532: "Base Sepolia",
    421_614: "Arbitrum Sepolia",
    560_048: "Hoodi",
    11_155_111: "Sepolia",
    11_155_420: "Optimism Sepolia",
}
MAINNETS = {
    1: "Ethereum", 10: "Optimism", 25: "Cronos", 30: "Rootstock", 56: "BNB Smart Chain", 100: "Gnosis", 130: "Unichain",
    137: "Polygon", 146: "Sonic", 169: "Manta Pacific", 204: "opBNB", 250: "Fantom", 252: "Fraxtal", 288: "Boba",
    324: "ZKsync Era", 480: "World Chain", 999: "HyperEVM", 1_088: "Metis", 1_101: "Polygon zkEVM", 1_284: "Moonbeam",
    1_868: "Soneium", 2_020: "Ronin", 5_000: "Mantle", 8_217: "Kaia", 8_453: "Base", 34_443: "Mode",
    42_161: "Arbitrum One", 42_170: "Arbitrum Nova", 42_220: "Celo", 43_114: "Avalanche", 57_073: "Ink",
    59_144: "Linea", 80_094: "Berachain", 81_457: "Blast", 534_352: "Scroll", 7_777_777: "Zora",
}  # fmt: skip
ROLLUPS = {
    10: "OP stack", 130: "OP stack", 480: "OP stack", 8_453: "OP stack", 84_532: "OP stack", 11_155_420: "OP stack",
    42_161: "Arbitrum", 421_614: "Arbitrum",
}  # fmt: skip


class MainnetRefused(BadInput):
    """A chain that may hold real funds, without the flag that allows it."""


def name_of(chain_id: int) -> str:
    """The name of a chain."""
    return TESTNETS.get(chain_id) or MAINNETS.get(chain_id) or f"chain {chain_id}"


def require_test(chain_id: int, allowed: bool = False) -> None:
    """Requires a known testnet unless mainnets are allowed. Raises MainnetRefused."""
    if chain_id in TESTNETS or allowed:
        return
    what = f"{MAINNETS[chain_id]}, a mainnet" if chain_id in MAINNETS else "not known to be a test chain"
    raise MainnetRefused(f"chain {chain_id} is {what}: nothing is sent there without --allow-mainnet")
