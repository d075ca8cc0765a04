// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Account, AccountId} from "./Account.sol";
import {Appraiser} from "./Appraiser.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Store} from "./Store.sol";

/// @notice Margin checks of the accounts that a call touches, at once or at the end of a batch.
abstract contract Checks is Store, ReentrancyGuardTransient {
    event Batched(address indexed sender, uint256 calls);

    /// @notice Makes several calls as one, and checks the margin of every touched account at the end.
    /// @dev each buffer is compared with that before the batch; each call takes the lock of the doors itself, so a token that calls back finds it closed
    /// @param calls encoded calls of doors that may be batched
    /// @custom:reverts ReentrancyGuardReentrantCall, NotBatchable, VaultPaused, StalePrice, InsufficientMargin, EquityFalls, BalanceFalls
    function batch(bytes[] calldata calls) external nonReentrantView {
        (AccountId[] memory accounts, Account.Image[] memory formers) = named(calls);
        deferring = true;
        for (uint256 i = 0; i < calls.length; i++) {
            if (!isBatchable(bytes4(calls[i]))) revert AuthorityErrors.NotBatchable(i);
            Address.functionDelegateCall(address(this), calls[i]);
        }
        deferring = false;
        for (uint256 i = 0; i < accounts.length; i++) {
            PendingCheck memory touch = touches[accounts[i]];
            if (!touch.named) continue;
            if (touch.touched) check(accounts[i], touch.rising, formers[i]);
            if (touch.traded) _judge().requireNoRise(accounts[i], formers[i]);
            delete touches[accounts[i]];
        }
        emit Batched(msg.sender, calls.length);
    }

    /// @notice Accounts whose margin a batch may change, and their states before it.
    /// @dev each at its first place; at the further places there is no account
    /// @param calls encoded calls
    function named(bytes[] calldata calls) internal returns (AccountId[] memory accounts, Account.Image[] memory formers) {
        uint256 count = 0;
        for (uint256 i = 0; i < calls.length; i++) count += accountsOf(bytes4(calls[i]));
        accounts = new AccountId[](count);
        formers = new Account.Image[](count);
        count = 0;
        for (uint256 i = 0; i < calls.length; i++) {
            for (uint256 j = 0; j < accountsOf(bytes4(calls[i])); j++) {
                AccountId account = AccountId.wrap(uint256(bytes32(calls[i][4 + 32 * j:])));
                PendingCheck storage touch = touches[account];
                if (touch.named) continue;
                touch.named = true;
                accounts[count] = account;
                formers[count++] = Account.image(ledger.holders[account], ledger.assets.length);
            }
        }
    }

    /// @notice Whether a door may be called in a batch.
    /// @dev no liquidation, as an account may be below its requirement between two calls of its own batch
    /// @param selector selector of the door
    function isBatchable(bytes4 selector) internal pure virtual returns (bool);

    /// @notice How many of the first arguments of a door are accounts whose margin a batch checks.
    /// @param selector selector of the door
    function accountsOf(bytes4 selector) internal pure virtual returns (uint256);

    /// @notice State of an account before a call that touches it, where its check needs one.
    /// @dev none where the risk rises, and none in a batch, which has the state before it
    /// @param account account
    /// @param rising whether the call raises its risk
    function begin(AccountId account, bool rising) internal returns (Account.Image memory former) {
        if (!deferring) return rising ? former : Account.image(ledger.holders[account], ledger.assets.length);
        touches[account].touched = true;
        if (rising) touches[account].rising = true;
    }

    /// @notice Checks the margin of an account after a call that touched it; in a batch, later.
    /// @param account account
    /// @param rising whether the call raised its risk
    /// @param former its state before the call
    /// @custom:reverts StalePrice, InsufficientMargin, EquityFalls, BalanceFalls
    function check(AccountId account, bool rising, Account.Image memory former) internal view {
        if (deferring) return;
        if (rising) return _judge().requireInitial(account);
        _judge().requireNoFall(account, former);
    }

    /// @notice Checks that a trade in a pause raised no requirement of an account; in a batch, later.
    /// @dev a reduction raises it where the position is the hedge of another
    /// @param account account
    /// @param former its state before the call
    /// @custom:reverts VaultPaused
    function checkPause(AccountId account, Account.Image memory former) internal {
        if (!paused) return;
        if (deferring) touches[account].traded = true;
        else _judge().requireNoRise(account, former);
    }

    /// @notice The vault itself as appraiser: it passes margin queries to the appraiser's code.
    function _judge() internal view returns (Appraiser) {
        return Appraiser(address(this));
    }
}
