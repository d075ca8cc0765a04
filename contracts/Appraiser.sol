// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Valuation} from "./Valuation.sol";

/// @notice The judge of accounts: every margin that a door asks for, and every figure that an account is told.
contract Appraiser is Store, Proxy {
    /// @dev the code of governance and views
    address public immutable registry;

    constructor(address registry_) {
        registry = registry_;
    }

    /// @notice What an account is told about its margin.
    /// @param account account
    function metrics(AccountId account) external view returns (Valuation.Metrics memory) {
        return Valuation.metrics(ledger, account);
    }

    /// @notice Mark of an instrument, and how far from it a trade may be.
    /// @param instrument number of the instrument
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice
    function quotation(uint256 instrument) external view returns (uint256 markWad, uint256 bandWad) {
        return Valuation.quotation(ledger, instrument);
    }

    /// @notice Margin of an account at initial, at the last prices.
    /// @param account account
    function initialMargin(AccountId account) external view returns (int256) {
        return Valuation.initialMargin(ledger, account);
    }

    /// @notice Equity of an account and its margin at maintenance, at prices of which none is too old.
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(AccountId account) external view returns (int256 equityWad, int256 marginWad) {
        return Valuation.maintenance(ledger, account);
    }

    /// @notice Refuses an account that fails initial margin.
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(AccountId account) external view {
        Valuation.requireInitial(ledger, account);
    }

    /// @notice Refuses an account that fails initial margin and was no worse before.
    /// @param account account
    /// @param beforeWad margin at initial before the change [wad]
    /// @custom:reverts InsufficientMargin
    function requireNoFall(AccountId account, int256 beforeWad) external view {
        Valuation.requireNoFall(ledger, account, beforeWad);
    }

    /// @notice Code of every door that the appraiser has not itself: governance, views and prices.
    function _implementation() internal view override returns (address) {
        return registry;
    }
}
