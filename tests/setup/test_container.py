"""The Dockerfile: its instructions, played in an empty root that has the system's programs and nothing else."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from places import ROOT

# programs, and local package files where a machine has some
_SYSTEM = ("/usr", sys.base_prefix, "/opt/wheels", "/opt/pypi", "/opt/pypi-more")
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"  # of the base image
_NETWORK = ("PIP_", "NPM_", "npm_", "SSL_", "NODE_EXTRA", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy")
_ETC = (
    *("passwd", "group", "shadow", "gshadow", "login.defs", "default", "pam.d", "skel", "nsswitch.conf", "hosts"),
    *("resolv.conf", "ssl", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime"),
    *("pip.conf", "xdg", "npmrc"),
)


def instructions() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(None, 1)
            yield word, rest


class EmptyRoot:
    """A root without files but those of the base image: the system's programs, read only, and a Python."""

    def __init__(self, path: Path) -> None:
        self.path, self.user, self.environment = (
            path,
            "root",
            {"PATH": _PATH},
        )
        for name in ("usr", "etc", "proc", "dev", "tmp", "root", "home", "opt", "var"):
            (path / name).mkdir()
        path.chmod(0o755)
        (path / "tmp").chmod(0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            (path / name).symlink_to(f"usr/{name}")
        for name in _ETC:
            source = Path("/etc") / name
            if source.is_dir():
                shutil.copytree(source, path / "etc" / name, symlinks=True)
            elif source.exists():
                shutil.copy(source, path / "etc" / name)

    def run(self, command: str, folder: str = "/") -> subprocess.CompletedProcess[str]:
        """Runs a shell command in the root, as its user."""
        mounts = [
            f"mkdir -p .{place} && mount --rbind -o ro {place} .{place}" for place in _SYSTEM if Path(place).exists()
        ]
        mounts += ["mount --rbind /dev dev", "mount -t proc proc proc"]
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        given = {name: value for name, value in os.environ.items() if name.startswith(_NETWORK)}
        environment = {"HOME": home, **given, **self.environment}
        environment["PATH"] = environment["PATH"].replace("/usr/local/bin", f"{sys.base_prefix}/bin")  # Python's place
        words = [f"{name}={value}" for name, value in environment.items()]
        inside = [
            "chroot",
            f"--userspec={self.user}",
            ".",
            "env",
            "-i",
            f"--chdir={folder}",
            *words,
            "sh",
            "-c",
            command,
        ]
        script = " && ".join([f"cd {shlex.quote(str(self.path))}", *mounts, f"exec {shlex.join(inside)}"])
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script], capture_output=True, text=True, check=False
        )

    def copy(self, into: str) -> None:
        """Copies the clone as the image gets it: the files that git has, without what `.dockerignore` names."""
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            target = self.path / into.lstrip("/") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target, follow_symlinks=False)
        assert self.run(f"chown -R crossvault {into}").returncode == 0


def test_the_image_leaves_out_what_a_clone_makes() -> None:
    left_out = set((ROOT / ".dockerignore").read_text().split())
    made = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}
    assert {".git", ".venv", ".toolchain"} <= left_out
    assert {name for name in made if name.startswith(".") and (ROOT / name).exists()} <= left_out | {".build"}


@pytest.mark.campaign
def test_the_instructions_make_a_working_image(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("an empty root needs the rights of root and unshare")
    root, folder, entry = EmptyRoot(tmp_path), "/", [""]
    played = 0
    for word, rest in instructions():
        if word == "RUN":
            done = root.run(rest, folder)
            assert done.returncode == 0, f"RUN {rest}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            played += 1
        elif word == "USER":
            root.user = rest
        elif word == "ENV":
            name, value = rest.split("=", 1)
            root.environment[name] = value
        elif word == "WORKDIR":
            folder = rest
        elif word == "COPY":
            root.copy(rest.split()[-1])
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        else:
            assert word in ("FROM", "CMD"), f"an instruction that this test does not play: {word}"
    assert played >= 3
    story = shutil.copy(
        ROOT / "sim/crossvault/scenarios/quickstart.scenario.yaml", tmp_path / "stories/mine.scenario.yaml"
    )
    os.chmod(story, 0o644)
    done = root.run(shlex.join([*entry, "run", "mine.scenario.yaml"]), folder)
    assert done.returncode == 0 and "no difference" in done.stdout, done.stdout + done.stderr
    assert root.run(shlex.join([*entry, "run", "absent.scenario.yaml"]), folder).returncode == 2
