// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Cash} from "../Cash.sol";
import {Funding} from "../Funding.sol";
import {Ledger} from "../Ledger.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Ledger; the ledger is given, and changed state is returned.
contract ProbeLedger is Probe {
    function requireFresh(Setup calldata self, uint256 underlying) external {
        Ledger.requireFresh(stored(self), underlying);
    }

    function requireIdle(Setup calldata self, AccountId account) external {
        Ledger.requireIdle(stored(self), account);
    }

    function requireTraded(Setup calldata self, uint256 instrument) external {
        Ledger.requireTraded(stored(self), instrument);
    }

    function addCash(Setup calldata self, AccountId account, int256 deltaWad)
        external
        returns (Cash.Pool memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.addCash(state, account, deltaWad);
        return (state.cash, imageOf(state, account));
    }

    function fundingIndex(Setup calldata self, uint256 instrument) external returns (int256) {
        return Ledger.fundingIndex(stored(self), instrument);
    }

    function accrueFunding(Setup calldata self, uint256 underlying) external returns (int256 index, Funding.Track memory) {
        Ledger.State storage state = stored(self);
        index = Ledger.accrueFunding(state, underlying);
        return (index, state.tracks[underlying]);
    }

    function fill(Setup calldata self, AccountId account, uint256 instrument, int256 sizeDelta, int256 quoteDelta)
        external
        returns (Cash.Pool memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.fill(state, account, instrument, sizeDelta, quoteDelta);
        return (state.cash, imageOf(state, account));
    }

    function settledValue(Setup calldata self, AccountId account, uint256 instrument, uint256 settlementWad)
        external
        returns (int256)
    {
        return Ledger.settledValue(Account.entry(stored(self).holders[account], instrument), settlementWad);
    }

    function settle(Setup calldata self, AccountId account, uint256 underlying, uint256 expiry, uint256 settlementWad)
        external
        returns (Cash.Pool memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.settle(state, account, underlying, expiry, settlementWad);
        return (state.cash, imageOf(state, account));
    }

    function movePosition(Setup calldata self, AccountId source, AccountId target, uint256 instrument, uint256 fractionWad)
        external
        returns (Cash.Pool memory, Account.Image memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.movePosition(state, source, target, instrument, fractionWad);
        return (state.cash, imageOf(state, source), imageOf(state, target));
    }

    function movePart(
        Setup calldata self, AccountId source, AccountId target, uint256 fractionWad, uint256 reservedWad, uint256 leftOut
    )
        external
        returns (Cash.Pool memory, Account.Image memory, Account.Image memory)
    {
        Ledger.State storage state = stored(self);
        Ledger.movePart(state, source, target, fractionWad, reservedWad, leftOut);
        return (state.cash, imageOf(state, source), imageOf(state, target));
    }

    function excess(Setup calldata self, AccountId account, uint256 fractionWad, uint256 leftOut) external returns (uint256) {
        return Ledger.excess(stored(self), account, fractionWad, leftOut);
    }
}
