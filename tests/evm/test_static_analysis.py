"""Findings of slither of high or medium impact are those that tests/slither.yaml explains, no more and no fewer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crossvault.evm.compiler import contract_sources
from places import TESTS

EXPLAINED = yaml.safe_load((TESTS / "slither.yaml").read_text(encoding="utf8"))
LEAST_WORDS = 8  # of a reason
PLANTED = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
contract Till {
    mapping(address => uint256) public owed;
    function put() external payable { owed[msg.sender] += msg.value; }
    function take() external {
        (bool done,) = msg.sender.call{value: owed[msg.sender]}("");
        require(done);
        owed[msg.sender] = 0;
    }
}
"""


def test_each_reason_is_of_one_finding_and_in_words() -> None:
    listed = [(each["check"], each["about"]) for each in EXPLAINED]
    assert len(set(listed)) == len(listed)
    assert [each["about"] for each in EXPLAINED if len(each["reason"].split()) < LEAST_WORDS] == []


@pytest.mark.slow
def test_no_finding_is_unexplained_and_none_is_outdated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from static_analysis import LEFT_OUT, Finding, findings

    monkeypatch.chdir(tmp_path)
    sources = {name: text for name, text in contract_sources().items() if not name.startswith(LEFT_OUT[1])}
    found = findings(sources, tmp_path)
    explained = {Finding(each["check"], each["about"]) for each in EXPLAINED}
    assert {each: text for each, text in found.items() if each not in explained} == {}
    assert explained - set(found) == set(), "no longer found: take it out of tests/slither.yaml"


@pytest.mark.slow
def test_a_planted_reentrancy_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from static_analysis import Finding, findings

    monkeypatch.chdir(tmp_path)
    assert Finding("reentrancy-eth", "Reentrancy") in findings({"Till.sol": PLANTED}, tmp_path)
