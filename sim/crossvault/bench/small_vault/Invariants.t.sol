// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PerpMargin} from "./PerpMargin.sol";
import {Handler} from "./Handler.sol";

contract Invariants {
    Handler private handler;

    function setUp() external {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_theVaultKeepsItsBooks() external view {
        require(!handler.broken(), "a call did not do what it should");
        int256 owed;
        for (uint256 i = 0; i < 3; i++) {
            PerpMargin.Metrics memory metrics = handler.vault().metrics(handler.account(i));
            require(metrics.equityWad == handler.equity(i), "equity");
            int256 margin = metrics.initialEquityWad - int256(metrics.initialRequirementWad);
            require(margin == handler.initialMargin(i), "initial margin");
            owed += handler.cashAndQuotes(i);
        }
        require(owed == int256(handler.dollar().balanceOf(address(handler.vault())) * 1e12), "the sum of cash");
    }
}
