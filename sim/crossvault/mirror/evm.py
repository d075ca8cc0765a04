"""Services of the EVM to the mirror: storage with an undo log, tokens, the reentrancy lock of the doors."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from functools import wraps
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, ParamSpec, Protocol, TypeVar

from crossvault.mirror.refusal import Refusal

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")

ZERO_ADDRESS = ""
ABSENT: Any = object()


class UndoLog:
    """Undo log of every write since the last `keep`: a refused call leaves no trace and costs its own writes only."""

    __slots__ = ("entries", "version")

    def __init__(self) -> None:
        self.entries: list[tuple[Any, Any, Any]] = []
        self.version = 0  # of the final state: unchanged as long as nothing is written

    def keep(self) -> None:
        """Makes all writes since the last `keep` final."""
        if self.entries:
            self.version += 1
            self.entries.clear()

    def undo(self) -> None:
        """Reverts all writes since the last `keep`, latest first."""
        for target, key, old in reversed(self.entries):
            if not isinstance(target, dict):
                object.__setattr__(target, key, old)
            elif old is ABSENT:
                dict.__delitem__(target, key)
            else:
                dict.__setitem__(target, key, old)
        self.entries.clear()


class StorageStruct:
    """Struct in storage: each field starts as its zero, each write is journaled."""

    __slots__ = ("journal",)
    zeros: ClassVar[dict[str, Any]] = {}
    _fields: ClassVar[attrgetter[tuple[Any, ...]]]
    journal: UndoLog

    def __init_subclass__(cls) -> None:
        cls._fields = attrgetter("journal", *cls.zeros)

    def __init__(self, journal: UndoLog) -> None:
        object.__setattr__(self, "journal", journal)
        for name, zero in self.zeros.items():
            object.__setattr__(self, name, zero(journal) if callable(zero) else zero)

    def __setattr__(self, name: str, value: Any) -> None:
        self.journal.entries.append((self, name, getattr(self, name)))
        object.__setattr__(self, name, value)

    def values(self) -> tuple[Any, ...]:
        """Fields as plain values, like a copy to memory."""
        return self._fields(self)[1:]  # read at once: a state is copied at every step

    def clear(self) -> None:
        """Sets the fields to zero, like `delete`."""
        for name, zero in self.zeros.items():
            if not callable(zero):
                setattr(self, name, zero)


class StorageMap(dict[K, V]):
    """Mapping in storage: an unwritten key reads as zero, each write is journaled."""

    __slots__ = ("journal", "zero")

    def __init__(self, journal: UndoLog, zero: Callable[[], V]) -> None:
        super().__init__()
        self.journal = journal
        self.zero = zero

    def __missing__(self, key: K) -> V:
        value = self.zero()
        dict.__setitem__(self, key, value)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self.journal.entries.append((self, key, dict.get(self, key, ABSENT)))
        dict.__setitem__(self, key, value)


_PLAIN_KINDS: dict[Any, Any] = {}


def plain(struct: Any) -> Any:
    """Returns a struct in memory as a value with the same field names, as an event holds it."""
    if type(struct) not in _PLAIN_KINDS:
        _PLAIN_KINDS[type(struct)] = namedtuple(type(struct).__name__, [each.name for each in fields(struct)])
    kind = _PLAIN_KINDS[type(struct)]
    return kind(*(getattr(struct, name) for name in kind._fields))


class Token(Protocol):
    """Interface of an ERC-20 to the vault; amounts raw, holders by name."""

    def decimals(self) -> int: ...

    def balance_of(self, holder: str) -> int: ...

    def transfer(self, to: str, amount_raw: int, *, sender: str) -> None: ...

    def transfer_from(self, payer: str, to: str, amount_raw: int, *, sender: str) -> None: ...


class Call(NamedTuple):
    """Encoded call of a door: its name and its decoded arguments."""

    action: str
    args: Mapping[str, Any]


class ReentrancyGuardReentrantCall(Refusal):
    """A door was entered from within a door (raised by OpenZeppelin)."""


def non_reentrant(door: Callable[P, R]) -> Callable[P, R]:
    """Requires a door not to be entered from within a door."""

    @wraps(door)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        vault: Any = args[0]
        if vault.entered:
            raise ReentrancyGuardReentrantCall
        vault.entered = True
        try:
            return door(*args, **kwargs)
        finally:
            vault.entered = False

    return locked
