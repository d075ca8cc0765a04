"""Cases from published sources, and the two sides that they are put to: the mirror, and the contracts behind probes."""

import inspect
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import ModuleType
from typing import Any, NamedTuple

from crossvault.mirror import cash, collateral, exp, fixed, funding, liquidation, margin, option, standard, surface
from crossvault.mirror.fixed import WAD

Check = Callable[[], None]
Query = Callable[[Any, str, dict[str, Any]], Any]  # module of the mirror, function, arguments -> result

_MODULES = (cash, collateral, exp, fixed, funding, liquidation, margin, option, standard, surface)


class Case(NamedTuple):
    """One published case: its check, or the reason why it cannot be checked."""

    name: str
    check: Check | None
    why: str = ""


def wad(text: str | float | int) -> int:
    """A decimal in wads, rounded to the nearest wei."""
    return round(Fraction(str(text)) * WAD)


def listed(cases: Any) -> Iterator[tuple[str, Any]]:
    """Cases with their names: of a list by number, of a mapping by key."""
    yield from ((str(name), case) for name, case in (cases.items() if isinstance(cases, dict) else enumerate(cases)))


def first_case(content: Any) -> dict[str, Any]:
    """The first of the `cases` of a file, by which its form is known; empty where there is none."""
    cases = content.get("cases") if isinstance(content, dict) else None
    found: Any = next(iter(listed(cases)), ("", {}))[1] if isinstance(cases, dict | list) else {}
    return found if isinstance(found, dict) else {}


def model(module: Any, function: str, args: dict[str, Any]) -> Any:
    """Result of the mirror; the changed `self` of a function that returns nothing."""
    found = getattr(module, function)(**args)
    return args.get("self") if found is None else found


class Functions:
    """The functions of a module of the mirror, answered by a query."""

    def __init__(self, module: ModuleType, query: Query) -> None:
        self._module, self._query = module, query

    def __getattr__(self, name: str) -> Callable[..., Any]:
        bind = inspect.signature(getattr(self._module, name)).bind
        return lambda *args, **named: self._query(self._module, name, dict(bind(*args, **named).arguments))


class Side:
    """The libraries of the vault on one side, each with its functions: `side.option.price(terms)`."""

    def __init__(self, query: Query = model) -> None:
        self._modules = {each.__name__.rpartition(".")[2]: Functions(each, query) for each in _MODULES}

    def __getattr__(self, name: str) -> Functions:
        return self._modules[name]
