// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Account, AccountId} from "./Account.sol";
import {Funding} from "./Funding.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";

/// @notice Views of the whole state of the vault.
library Lens {
    /// @notice State of the vault outside of its accounts.
    /// @dev cash: tokens held [raw], indexes [ray] as of accruedAt [unix seconds], sums of principals, insuranceWad, deficitWad [wad]; totals,
    /// held: collateral booked and held [raw]; interests: open interest by underlying [wad]
    struct Globals {
        address owner;
        address pendingOwner;
        address guardian;
        bool paused;
        uint256 cashHeldRaw;
        uint256 supplyIndex;
        uint256 borrowIndex;
        uint256 totalSupply;
        uint256 totalBorrow;
        uint256 accruedAt;
        uint256 insuranceWad;
        uint256 deficitWad;
        Oracle.Price[] prices;
        Funding.Track[] tracks;
        uint256[] totalsRaw;
        uint256[] heldRaw;
        uint256[] interestsWad;
    }

    /// @notice State of an account.
    /// @dev holdings, the auction, and the open interest of each instrument that it holds [wad]
    struct AccountState {
        AccountId account;
        Account.Image image;
        Liquidation.Sale sale;
        uint256[] interestsWad;
    }

    /// @notice State of an expiry that has not settled.
    /// @dev expiry [unix seconds]; curve: of the expiry
    struct CurveState {
        uint256 underlying;
        uint256 expiry;
        Oracle.Curve curve;
    }

    /// @notice State of the vault outside of its accounts.
    /// @param self ledger
    /// @param owner owner of the vault
    /// @param pendingOwner proposed owner
    /// @param guardian guardian, who may pause
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
        all.totalSupply = self.cash.totalSupply;
        all.totalBorrow = self.cash.totalBorrow;
        all.accruedAt = self.cash.accruedAt;
        all.insuranceWad = self.cash.insuranceWad;
        all.deficitWad = self.cash.deficitWad;
        all.prices = new Oracle.Price[](self.risks.length);
        all.tracks = new Funding.Track[](self.risks.length);
        all.interestsWad = new uint256[](self.risks.length);
        for (uint256 i = 0; i < all.prices.length; i++) {
            all.prices[i] = self.prices[i];
            all.tracks[i] = self.tracks[i];
            all.interestsWad[i] = self.caps.interests[i];
        }
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
    /// @param ids accounts to report
    function states(Ledger.State storage self, AccountId[] calldata ids) internal view returns (AccountState[] memory all) {
        all = new AccountState[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            Account.Image memory shot = Account.image(self.holders[ids[i]], self.assets.length);
            uint256[] memory interestsWad = new uint256[](shot.entries.length);
            for (uint256 j = 0; j < interestsWad.length; j++) interestsWad[j] = self.caps.longs[shot.entries[j].instrument];
            all[i] = AccountState(ids[i], shot, self.sales[ids[i]], interestsWad);
        }
    }

    /// @notice State of the expiries that have not settled, by underlying and in the order they are stored.
    /// @param self ledger
    function curves(Ledger.State storage self) internal view returns (CurveState[] memory all) {
        uint256 count = 0;
        for (uint256 i = 0; i < self.risks.length; i++) count += self.expiries[i].length;
        all = new CurveState[](count);
        count = 0;
        for (uint256 i = 0; i < self.risks.length; i++) {
            for (uint256 j = 0; j < self.expiries[i].length; j++) {
                uint256 expiry = self.expiries[i][j];
                all[count++] = CurveState(i, expiry, self.curves[Market.termOf(i, expiry)]);
            }
        }
    }
}
