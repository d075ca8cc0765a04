// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cash} from "../Cash.sol";

/// @notice Exposes the functions of Cash; stored state is given and returned.
contract ProbeCash {
    Cash.Pool private stored;

    function utilisation(uint256 suppliedWad, uint256 borrowedWad) external pure returns (uint256) {
        return Cash.utilisation(suppliedWad, borrowedWad);
    }

    function borrowRate(Cash.Interest calldata interest, uint256 utilisationWad) external pure returns (uint256) {
        return Cash.borrowRate(interest, utilisationWad);
    }

    function compounded(uint256 rateWad, uint256 elapsedSecs) external pure returns (uint256) {
        return Cash.compounded(rateWad, elapsedSecs);
    }

    function indexes(Cash.Pool calldata self) external returns (Cash.Indexes memory) {
        stored = self;
        return Cash.indexes(stored);
    }

    function accrue(Cash.Pool calldata self) external returns (bool moved_, Cash.Pool memory) {
        stored = self;
        moved_ = Cash.accrue(stored);
        return (moved_, stored);
    }

    function present(Cash.Pool calldata self, int256 principal) external returns (int256) {
        stored = self;
        return Cash.present(stored, principal);
    }

    function principalOf(Cash.Pool calldata self, int256 presentWad) external returns (int256) {
        stored = self;
        return Cash.principalOf(stored, presentWad);
    }

    function borrowed(Cash.Pool calldata self) external returns (uint256) {
        stored = self;
        return Cash.borrowed(stored);
    }

    function moved(Cash.Pool calldata self, int256 principal, int256 deltaWad) external returns (int256) {
        stored = self;
        return Cash.moved(stored, principal, deltaWad);
    }

    function record(Cash.Pool calldata self, int256 before, int256 later) external returns (Cash.Pool memory) {
        stored = self;
        Cash.record(stored, before, later);
        return stored;
    }

    function depegRate(Cash.DepegTerms calldata terms, uint256 priceWad) external pure returns (uint256) {
        return Cash.depegRate(terms, priceWad);
    }

    function drawInsurance(Cash.Pool calldata self, uint256 amountWad) external returns (Cash.Pool memory) {
        stored = self;
        Cash.drawInsurance(stored, amountWad);
        return stored;
    }

    function requireCovered(Cash.Pool calldata self) external {
        stored = self;
        Cash.requireCovered(stored);
    }

    function requireValid(Cash.DepegTerms calldata terms, uint256 underlyings) external pure {
        Cash.requireValid(terms, underlyings);
    }

    function requireValidInterest(Cash.Interest calldata interest) external pure {
        Cash.requireValidInterest(interest);
    }
}
