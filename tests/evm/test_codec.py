"""Values decoded from the words of the chain."""

from crossvault.evm.codec import AddressBook, Codec

PAIR = [{"name": "a", "type": "uint256"}, {"name": "b", "type": "uint256"}]
PAIRS = {"name": "pairs", "type": "tuple[]", "components": PAIR}
NESTED = {"name": "nested", "type": "tuple[]", "components": [
    {"name": "a", "type": "int256"},
    {"name": "b", "type": "tuple", "components": [{"name": "c", "type": "int256"}]},
]}  # fmt: skip


def test_lists_of_equal_words_and_different_types_stay_apart() -> None:
    """Each list of a tuple is decoded once per text, by its own type."""
    codec = Codec(AddressBook()).kinds([PAIRS, NESTED])
    values = (((0, 7),), ((0, (7,)),))
    data = codec.encode(values)
    assert codec.decode(data, 0) == codec.decode(data, 0) == values
