// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Account, AccountId} from "./Account.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Oracle} from "./Oracle.sol";

/// @notice Everything there is to read, in one call.
library Lens {
    /// @notice State of the vault outside of its accounts.
    /// @dev cash: tokens held [raw], indexes [ray], insuranceWad, deficitWad [wad]; totals, held: collateral booked and held [raw]
    struct Globals {
        address owner;
        address pendingOwner;
        address guardian;
        bool paused;
        uint256 cashHeldRaw;
        uint256 supplyIndex;
        uint256 borrowIndex;
        uint256 insuranceWad;
        uint256 deficitWad;
        Oracle.Price[] prices;
        uint256[] totalsRaw;
        uint256[] heldRaw;
    }

    /// @notice State of an account.
    /// @dev everything it holds, and its auction
    struct AccountState {
        AccountId account;
        Account.Image image;
        Liquidation.Sale sale;
    }

    /// @notice State of the vault outside of its accounts.
    /// @param self ledger
    /// @param owner owner of the vault
    /// @param pendingOwner who was offered the ownership
    /// @param guardian who may pause
    /// @param paused whether the vault is paused
    function globals(Ledger.State storage self, address owner, address pendingOwner, address guardian, bool paused)
        internal
        view
        returns (Globals memory all)
    {
        all.owner = owner;
        all.pendingOwner = pendingOwner;
        all.guardian = guardian;
        all.paused = paused;
        all.cashHeldRaw = IERC20(self.cash.token).balanceOf(address(this));
        all.supplyIndex = self.cash.supplyIndex;
        all.borrowIndex = self.cash.borrowIndex;
        all.insuranceWad = self.cash.insuranceWad;
        all.deficitWad = self.cash.deficitWad;
        all.prices = new Oracle.Price[](self.risks.length);
        for (uint256 i = 0; i < all.prices.length; i++) all.prices[i] = self.prices[i];
        uint256 count = self.assets.length;
        all.totalsRaw = new uint256[](count);
        all.heldRaw = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            all.totalsRaw[i] = self.assets[i].totalRaw;
            all.heldRaw[i] = IERC20(self.assets[i].token).balanceOf(address(this));
        }
    }

    /// @notice State of some accounts.
    /// @param self ledger
    /// @param ids accounts to show
    function states(Ledger.State storage self, AccountId[] calldata ids) internal view returns (AccountState[] memory all) {
        all = new AccountState[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            Account.Image memory shot = Account.image(self.holders[ids[i]], self.assets.length);
            all[i] = AccountState(ids[i], shot, self.sales[ids[i]]);
        }
    }
}
