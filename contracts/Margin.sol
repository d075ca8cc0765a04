// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice What an account is worth, what it must hold, and how far the two are apart.
library Margin {
    /// @dev stands for infinity where a ratio has no divisor
    int256 internal constant UNBOUNDED = type(int256).max;

    /// @notice A collateral balance, valued.
    /// @dev valueWad: at the index [wad]; terms: haircuts and cap [wad]
    struct Holding {
        uint256 valueWad;
        Collateral.Terms terms;
    }

    /// @notice An account, valued at one moment.
    /// @dev cashWad: present cash [wad]; depegRateWad: requirement per notional for the quote token [wad];
    /// staleUnderlying: first underlying whose price the account needs and is too old, plus one; 0 when none
    struct Book {
        int256 cashWad;
        Holding[] holdings;
        Standard.Exposure[] exposures;
        uint256 depegRateWad;
        uint256 staleUnderlying;
    }

    /// @notice Worth of an account at mark.
    /// @dev cash + sum of collateral values + sum of unrealised profits and losses
    /// @param self account, valued
    function equity(Book memory self) internal pure returns (int256 total) {
        total = self.cashWad;
        for (uint256 i = 0; i < self.holdings.length; i++) total += int256(self.holdings[i].valueWad);
        for (uint256 i = 0; i < self.exposures.length; i++) {
            total += int256(self.exposures[i].gainWad) + self.exposures[i].lossWad;
        }
    }

    /// @notice Worth of an account after haircuts, caps and the weight of unrealised profits.
    /// @dev cash + sum of credits + sum of (profits * profitWeight at initial, in full at maintenance) + sum of losses
    /// @param self account, valued
    /// @param level initial or maintenance
    /// @custom:rounds down, because it is what the account owns
    function adjustedEquity(Book memory self, Level level) internal pure returns (int256 total) {
        total = self.cashWad;
        for (uint256 i = 0; i < self.holdings.length; i++) {
            Collateral.Terms memory terms = self.holdings[i].terms;
            uint256 haircut = level == Level.Initial ? terms.haircutInitial : terms.haircutMaintenance;
            total += int256(Collateral.credit(self.holdings[i].valueWad, haircut, terms.capWad));
        }
        for (uint256 i = 0; i < self.exposures.length; i++) {
            Standard.Exposure memory exposure = self.exposures[i];
            uint256 weight = level == Level.Initial ? exposure.risk.profitWeight : Fixed.WAD;
            total += int256(Fixed.mulDivDown(exposure.gainWad, weight, Fixed.WAD)) + exposure.lossWad;
        }
    }

    /// @notice What an account must hold.
    /// @dev sum over underlyings of requirement and contingency, with no offset between them
    /// @param self account, valued
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function requirement(Book memory self, Level level) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < self.exposures.length; i++) {
            Standard.Exposure memory exposure = self.exposures[i];
            total += Standard.requirement(exposure, level);
            total += Standard.contingency(exposure, self.depegRateWad, level);
        }
    }

    /// @notice Distance of an account from its requirement.
    /// @dev adjusted equity - requirement: negative means that the level is failed
    /// @param self account, valued
    /// @param level initial or maintenance
    /// @custom:rounds down, because it is what the account owns
    function margin(Book memory self, Level level) internal pure returns (int256) {
        return adjustedEquity(self, level) - int256(requirement(self, level));
    }

    /// @notice Health of an account.
    /// @dev adjusted equity / requirement at maintenance [wad]; UNBOUNDED without a requirement
    /// @param self account, valued
    /// @custom:rounds down, because the account owns it
    function health(Book memory self) internal pure returns (int256) {
        uint256 required = requirement(self, Level.Maintenance);
        if (required == 0) return UNBOUNDED;
        return Fixed.mulDivFloor(adjustedEquity(self, Level.Maintenance), int256(Fixed.WAD), required);
    }

    /// @notice What an account could take out.
    /// @dev max(0, margin at initial)
    /// @param self account, valued
    /// @custom:rounds down, because the account owns it
    function freeCollateral(Book memory self) internal pure returns (uint256) {
        int256 left = margin(self, Level.Initial);
        return left < 0 ? 0 : uint256(left);
    }

    /// @notice Notional of all positions.
    /// @dev sum of |size * mark| / 1e18
    /// @param self account, valued
    /// @custom:rounds up, because it is at stake
    function notional(Book memory self) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < self.exposures.length; i++) {
            total += Fixed.mulDivUp(self.exposures[i].grossWad2, 1, Fixed.WAD);
        }
    }

    /// @notice Leverage of an account.
    /// @dev notional / equity [wad]; 0 without positions, UNBOUNDED with positions and no equity
    /// @param self account, valued
    /// @custom:rounds up, because it is at stake
    function leverage(Book memory self) internal pure returns (int256) {
        uint256 stake = notional(self);
        if (stake == 0) return 0;
        int256 worth = equity(self);
        if (worth <= 0) return UNBOUNDED;
        return Fixed.mulDivCeil(int256(stake), int256(Fixed.WAD), uint256(worth));
    }
}
