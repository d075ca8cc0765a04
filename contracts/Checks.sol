// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {AccountId} from "./Account.sol";
import {Appraiser} from "./Appraiser.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Store} from "./Store.sol";

/// @notice Margin checks of the accounts that a call touches, at once or at the end of a batch.
abstract contract Checks is Store, ReentrancyGuardTransient {
    event Batched(address indexed sender, uint256 calls);

    /// @notice Makes several calls as one, and checks the margin of every touched account at the end.
    /// @dev each call takes the lock of the doors itself, so a token that calls back finds it closed
    /// @param calls encoded calls of doors that may be batched
    /// @custom:reverts ReentrancyGuardReentrantCall, NotBatchable, StalePrice, InsufficientMargin
    function batch(bytes[] calldata calls) external nonReentrantView {
        deferring = true;
        for (uint256 i = 0; i < calls.length; i++) {
            if (!isBatchable(bytes4(calls[i]))) revert AuthorityErrors.NotBatchable(i);
            Address.functionDelegateCall(address(this), calls[i]);
        }
        deferring = false;
        for (uint256 i = 0; i < touched.length; i++) {
            PendingCheck storage touch = touches[touched[i]];
            check(touched[i], touch.rising, touch.beforeWad);
            delete touches[touched[i]];
        }
        delete touched;
        emit Batched(msg.sender, calls.length);
    }

    /// @notice Whether a door may be called in a batch.
    /// @dev no liquidation, as an account may be below its requirement between two calls of its own batch
    /// @param selector selector of the door
    function isBatchable(bytes4 selector) internal pure virtual returns (bool);

    /// @notice Initial buffer of an account before a call that touches it; in a batch, before the first such call.
    /// @param account account
    /// @param rising whether the call raises its risk
    function begin(AccountId account, bool rising) internal returns (int256 beforeWad) {
        if (!deferring) return rising ? int256(0) : _judge().initialMargin(account);
        PendingCheck storage touch = touches[account];
        if (rising) touch.rising = true;
        if (touch.noted) return 0;
        touch.noted = true;
        touch.beforeWad = _judge().initialMargin(account);
        touched.push(account);
    }

    /// @notice Checks the margin of an account after a call that touched it; in a batch, later.
    /// @param account account
    /// @param rising whether the call raised its risk
    /// @param beforeWad initial buffer before the call [wad]
    /// @custom:reverts StalePrice, InsufficientMargin
    function check(AccountId account, bool rising, int256 beforeWad) internal view {
        if (deferring) return;
        if (rising) return _judge().requireInitial(account);
        _judge().requireNoFall(account, beforeWad);
    }

    /// @notice The vault itself as appraiser: it passes margin queries to the appraiser's code.
    function _judge() internal view returns (Appraiser) {
        return Appraiser(address(this));
    }
}
