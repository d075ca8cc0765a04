"""The source distribution and the wheel: what an index would refuse, and what a user gets from either."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from places import ROOT


def build(source: Path, folder: Path, *kinds: str) -> None:
    """Builds packages of a source tree into a folder."""
    words = [word for kind in kinds for word in ("-t", kind)]
    command = [sys.executable, "-m", "hatchling", "build", *words, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def content(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as read:
        return {name: read.read(name) for name in read.namelist()}


@pytest.mark.slow
def test_packages_pass_the_check_of_an_index_and_give_the_same_wheel(tmp_path: Path) -> None:
    from twine.commands.check import check

    build(ROOT, tmp_path / "dist", "sdist", "wheel")
    packages = sorted((tmp_path / "dist").iterdir())
    assert not check([str(each) for each in packages], strict=True)
    source, wheel = sorted(packages, key=lambda each: each.suffix != ".gz")
    with tarfile.open(source) as read:
        read.extractall(tmp_path, filter="data")
    build(tmp_path / source.name.removesuffix(".tar.gz"), tmp_path / "again", "wheel")
    assert content(tmp_path / "again" / wheel.name) == content(wheel)
