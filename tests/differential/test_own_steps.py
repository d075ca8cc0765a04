"""Steps of the user's code: the arguments that may be below zero are those that are signed in the contracts."""

from re import sub

from crossvault.differential import doors
from crossvault.differential.own_steps import SIGNED
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_abi


def test_the_signed_arguments_are_those_of_the_contracts() -> None:
    build = compile_contracts()
    entries = [*vault_abi(build), *build.artifacts["Exchange"].abi, *build.artifacts["Token"].abi]
    signed = {
        (
            sub(r"(?<=[a-z])(?=[A-Z])", "_", entry["name"]).lower(),
            sub(r"(?<=[a-z])(?=[A-Z])", "_", each["name"]).lower(),
        )
        for entry in entries
        if entry["type"] == "function"
        for each in entry["inputs"]
        if each["type"].startswith("int")
    }
    plain = {(door, name) for door in doors.CONSTRUCTORS for name, kind in doors.arguments(door).items() if kind is int}
    assert {name for _, name in signed & plain} == set(SIGNED)
    assert not {each for each in plain - signed if each[1] in SIGNED}
