"""Numbers of examples: few in the fast part, more in the whole suite, and new ones in every campaign.

CROSSVAULT_PROFILE chooses; without it the fast part (`-m "not slow"`) is `fast` and everything else `full`. Every
profile tries the values at the bounds. A campaign draws its examples from CROSSVAULT_SEED.
"""

import os
from typing import NamedTuple

from hypothesis import HealthCheck, settings

PROFILE, SEED = "CROSSVAULT_PROFILE", "CROSSVAULT_SEED"


class TestProfile(NamedTuple):
    """The number of examples of a law, and the number of random argument sets of a probe and the mirror."""

    examples: int
    argument_sets: int
    is_random: bool


PROFILES = {
    "fast": TestProfile(60, 100, False),
    "full": TestProfile(250, 1_000, False),
    "campaign": TestProfile(10_000, 10_000, True),
}


def choose(marks: str) -> None:
    """Chooses the profile of this run, and of the processes that it starts, by the selected marks."""
    name = os.environ.setdefault(PROFILE, "fast" if marks == "not slow" else "full")
    if name not in PROFILES:
        raise ValueError(f"{PROFILE}={name}: expected one of {', '.join(PROFILES)}")
    for each, profile in PROFILES.items():
        settings.register_profile(
            each,
            max_examples=profile.examples,
            derandomize=not profile.is_random,
            deadline=None,
            database=None,
            print_blob=profile.is_random,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(name)


def chosen() -> TestProfile:
    """The profile of this run."""
    return PROFILES[os.environ.get(PROFILE, "full")]


def source(name: str) -> str:
    """The seed of random argument sets: the same in every run but a campaign."""
    return f"{name} {os.environ.get(SEED, '')}" if chosen().is_random else name


def law(share_pct: int = 100) -> settings:
    """The settings of a law; with a share of the examples where each takes long."""
    return settings(max_examples=chosen().examples * share_pct // 100)
