"""Code of the user: a class or a function by its reference `module:name`, and what it raises, with its file and line.

A module is looked for in the folder of the file that names it, then in the current directory, then among the installed
packages. Nothing is imported before a command needs it.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from crossvault.differential.ending import BadInput
from crossvault.differential.suggestion import did_you_mean

REFERENCE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*"
_PACKAGE = str(Path(__file__).parents[1]) + os.sep


class OwnCodeError(BadInput):
    """Code of the user that is not there, is of another kind than expected, or raises: `file:line: name: problem`."""


class OwnCode(NamedTuple):
    """A reference to code of the user. text: `module:name`; folders: where its module is looked for first.

    value: the class or function itself, where it was passed and not named.
    """

    text: str
    folders: tuple[str, ...] = ()
    value: Any = None

    def load(self) -> Any:
        """The class or function, imported once. Raises OwnCodeError."""
        return _loaded(self.text, self.folders) if self.value is None else self.value

    def digest(self) -> str:
        """A hash of the reference and of the file that holds the code. Raises OwnCodeError."""
        source = inspect.getsourcefile(inspect.unwrap(self.load()))
        content = Path(source).read_bytes() if source else b""
        return sha256(self.text.encode() + content).hexdigest()


def folders(file: Path | None = None) -> tuple[str, ...]:
    """The folders in which modules are looked for: that of a file that names them, and the current directory."""
    found = [file.resolve().parent] if file else []
    return tuple(dict.fromkeys(map(str, [*found, Path.cwd()])))


def installed(group: str) -> dict[str, OwnCode]:
    """The code that installed packages offer under the name of a group of entry points, by its name."""
    return {each.name: OwnCode(each.value.replace(" ", "")) for each in metadata.entry_points(group=group)}


@contextmanager
def calls(text: str) -> Iterator[None]:
    """Code of the user is called inside. Raises OwnCodeError, with file and line, for all that it raises."""
    try:
        yield
    except OwnCodeError:
        raise
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        raise OwnCodeError(f"{_place(error)}{text}: raises {what}") from error


def place_of(code: Any) -> str:
    """`file:line: ` of a class or function, or nothing where it is not known."""
    try:
        _, line = inspect.getsourcelines(code)
        return f"{_shown(inspect.getsourcefile(code) or '')}:{line}: "
    except (OSError, TypeError):
        return ""


@cache
def _loaded(text: str, places: Sequence[str]) -> Any:
    if re.fullmatch(REFERENCE, text) is None:
        raise OwnCodeError(f"{text!r} is no reference: expected module:name, such as my_module:MyClass")
    name, _, attribute = text.partition(":")
    with calls(text):
        module = _module(name, places)
    if not hasattr(module, attribute):
        known = [each for each, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise OwnCodeError(
            f"{_shown(module.__file__ or name)}: {text}: no {attribute!r}: {did_you_mean(attribute, known)}"
        )
    return getattr(module, attribute)


def _module(name: str, places: Sequence[str]) -> ModuleType:
    """The module of a name, from the first of the folders that has it, else of an installed package."""
    top = name.partition(".")[0]
    for folder in places:
        file = next(
            (each for each in (Path(folder, f"{top}.py"), Path(folder, top, "__init__.py")) if each.is_file()), None
        )
        if file:
            _import_file(top, file)
            break
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name not in (top, name):
            raise
        near = [path.stem for folder in places for path in sorted(Path(folder).glob("*.py"))]
        looked = ", ".join(_shown(folder) for folder in places)
        raise OwnCodeError(
            f"{name}: there is no such module in {looked or 'any folder'} or among the installed packages: "
            f"{did_you_mean(name, near)}"
        ) from None


def _import_file(name: str, file: Path) -> None:
    """Imports a file as a module, whatever else has its name; its folder is looked into last, for what it imports."""
    known = sys.modules.get(name)
    if known is not None:
        if Path(known.__file__ or "").resolve() != file.resolve():
            other = _shown(known.__file__ or "the standard library")
            raise OwnCodeError(f"{_shown(file)}: {name}: is the name of a module of {other} as well: expected another")
        return
    if str(file.parent) not in sys.path and file.name != "__init__.py":
        sys.path.append(str(file.parent))
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def _place(error: BaseException) -> str:
    """`file:line: ` of the code of the user that raised an error."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename)}:{error.lineno}: "
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith((_PACKAGE, "<"))
    ]
    library = os.path.dirname(os.__file__) + os.sep
    own = [
        each for each in frames if not each.filename.startswith(library) or "site-packages" in each.filename
    ] or frames
    return f"{_shown(own[-1].filename)}:{own[-1].lineno}: " if own else ""


def _shown(path: Path | str) -> str:
    """A path as the user would write it from here."""
    return os.path.relpath(path) if os.path.isabs(path) else str(path)
