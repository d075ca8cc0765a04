// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Probe} from "./Probe.sol";

/// @notice The functions of Ledger, open to anyone; the ledger is given, and the accounts it touches are answered.
contract ProbeLedger is Probe {
    function requireFresh(Setup calldata self, uint256 underlying) external {
        Ledger.requireFresh(stored(self), underlying);
    }

    function requireIdle(Setup calldata self, AccountId account) external {
        Ledger.requireIdle(stored(self), account);
    }

    function addCash(Setup calldata self, AccountId account, int256 deltaWad) external returns (Account.Image memory) {
        Ledger.State storage state = stored(self);
        Ledger.addCash(state, account, deltaWad);
        return imageOf(state, account);
    }

    function fill(Setup calldata self, AccountId account, uint256 instrument, int256 sizeDelta, int256 quoteDelta)
        external
        returns (Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.fill(state, account, instrument, sizeDelta, quoteDelta);
        return imageOf(state, account);
    }

    function movePart(Setup calldata self, AccountId source, AccountId target, uint256 fractionWad, uint256 reservedWad)
        external
        returns (Account.Image memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.movePart(state, source, target, fractionWad, reservedWad);
        return (imageOf(state, source), imageOf(state, target));
    }
}
