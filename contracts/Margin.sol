// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "./Collateral.sol";
import {Correlation} from "./Correlation.sol";
import {Fixed} from "./Fixed.sol";
import {Portfolio} from "./Portfolio.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice Equity, margin balance and margin requirement of an account.
library Margin {
    /// @dev represents infinity where a ratio has no divisor
    int256 internal constant UNBOUNDED = type(int256).max;
    /// @dev represents the absence of a lower bound
    int256 internal constant BOTTOMLESS = type(int256).min;

    /// @notice Valued collateral balance.
    /// @dev underlying: whose index price values it; valueWad: at the index price, safeWad: at the lowest of index, stable and waiting price [wad]; terms:
    /// haircuts and cap [wad]; fadedWad: part of its credit that a stale price has lost, 0 where the price is fresh [wad]
    struct Holding {
        uint256 valueWad;
        uint256 safeWad;
        Collateral.HaircutTerms terms;
        uint256 underlying;
        uint256 fadedWad;
    }

    /// @notice Account valued at one moment.
    /// @dev cashWad: present cash, with settled positions [wad]; lines: options; stakes: perps and futures in portfolio margin, by
    /// underlying, none in standard mode; modelled: bit of each underlying that portfolio margin covers; verdict: requirement of portfolio margin; depegRateWad: requirement per notional for the quote token
    /// [wad]; stale: first stale price among those that its positions need; futures: those in portfolio margin, none in standard mode
    struct Book {
        int256 cashWad;
        Holding[] holdings;
        Standard.Exposure[] exposures;
        Standard.HeldOption[] lines;
        Portfolio.Stake[] stakes;
        uint256 modelled;
        Correlation.PortfolioRequirement verdict;
        uint256 depegRateWad;
        Stale stale;
        Standard.HeldFuture[] futures;
    }

    /// @notice Stale price.
    /// @dev underlying: its number plus one; 0 when every price is fresh; expiry: 0 for the index; publishedAt, heartbeatSecs [seconds]
    struct Stale {
        uint256 underlying;
        uint256 expiry;
        uint256 publishedAt;
        uint256 heartbeatSecs;
    }

    /// @notice Collateral at stale prices, which is left out of a sale.
    /// @dev mask: bit of each collateral; valueWad: at the last prices; creditWad: what counts at maintenance [wad]
    struct LeftOut {
        uint256 mask;
        uint256 valueWad;
        uint256 creditWad;
    }

    /// @notice Equity of an account: its value at mark prices.
    /// @dev cash + sum of collateral values + sum of unrealised PnL + sum of option size * mark
    /// @param self valued account
    /// @custom:rounds down, because it is what the account owns
    function equity(Book memory self) internal pure returns (int256 total) {
        total = self.cashWad;
        for (uint256 i = 0; i < self.holdings.length; i++) total += int256(self.holdings[i].valueWad);
        for (uint256 i = 0; i < self.exposures.length; i++) {
            total += int256(self.exposures[i].gainWad) + self.exposures[i].lossWad;
        }
        for (uint256 i = 0; i < self.lines.length; i++) {
            Standard.HeldOption memory line = self.lines[i];
            total += Fixed.mulDivFloor(line.size, int256(line.markWad), Fixed.WAD);
        }
    }

    /// @notice Equity of an account at the worst of mark, stable and waiting price.
    /// @dev cash + sum of collateral values + sum of unrealised PnL + sum of option size * mark, each at the worst of them
    /// @param self valued account
    /// @custom:rounds down, because it is what the account owns
    function safeEquity(Book memory self) internal pure returns (int256 total) {
        total = self.cashWad;
        for (uint256 i = 0; i < self.holdings.length; i++) total += int256(self.holdings[i].safeWad);
        for (uint256 i = 0; i < self.exposures.length; i++) {
            total += int256(self.exposures[i].safeGainWad) + self.exposures[i].safeLossWad;
        }
        for (uint256 i = 0; i < self.lines.length; i++) {
            Standard.HeldOption memory line = self.lines[i];
            uint256 markWad = Standard.waitingMark(self.exposures[line.underlying], line);
            total += Fixed.mulDivFloor(line.size, int256(markWad), Fixed.WAD);
        }
    }

    /// @notice Margin balance of an account: equity after haircuts, caps and the weight of unrealised profits.
    /// @dev cash + sum of credits + sum of (profits * profitWeight at initial, in full at maintenance) + sum of losses; at initial, values and
    /// profits at the worst of index, stable and waiting price, and a collateral at a stale price counts nothing, at maintenance what has not faded; in standard margin options do not count: obligations of shorts are in the requirement; in
    /// portfolio margin they count at mark, and collateral up to its cap: the haircut is in the requirement
    /// @param self valued account
    /// @param level initial or maintenance
    /// @custom:rounds down, because it is what the account owns
    function adjustedEquity(Book memory self, Level level) internal pure returns (int256 total) {
        total = self.cashWad;
        for (uint256 i = 0; i < self.holdings.length; i++) {
            Holding memory held = self.holdings[i];
            if (held.fadedWad != 0) {
                if (level == Level.Maintenance) total += int256(fadedCredit(held));
                continue;
            }
            Collateral.HaircutTerms memory terms = held.terms;
            uint256 haircut = level == Level.Initial ? terms.haircutInitial : terms.haircutMaintenance;
            uint256 valueWad = level == Level.Initial ? held.safeWad : held.valueWad;
            if (isModelled(self, held.underlying)) haircut = 0;
            total += int256(Collateral.credit(valueWad, haircut, terms.capWad));
        }
        for (uint256 i = 0; i < self.exposures.length; i++) {
            Standard.Exposure memory exposure = self.exposures[i];
            if (level == Level.Maintenance) total += int256(exposure.gainWad) + exposure.lossWad;
            else total += int256(Fixed.mulDivDown(exposure.safeGainWad, exposure.risk.profitWeight, Fixed.WAD)) + exposure.safeLossWad;
        }
        for (uint256 i = 0; i < self.lines.length; i++) {
            Standard.HeldOption memory line = self.lines[i];
            if (!isModelled(self, line.underlying)) continue;
            uint256 markWad = level == Level.Initial ? Standard.waitingMark(self.exposures[line.underlying], line) : line.markWad;
            total += Fixed.mulDivFloor(line.size, int256(markWad), Fixed.WAD);
        }
    }

    /// @notice Credit at maintenance of a collateral at a stale price.
    /// @dev min(value, cap) * (1 - haircut) * (1 - faded), in portfolio margin too, whose scenarios leave it out
    /// @param held collateral
    /// @custom:rounds down, because it is what the account owns
    function fadedCredit(Holding memory held) internal pure returns (uint256) {
        uint256 creditWad = Collateral.credit(held.valueWad, held.terms.haircutMaintenance, held.terms.capWad);
        return Fixed.mulDivDown(creditWad, Fixed.WAD - held.fadedWad, Fixed.WAD);
    }

    /// @notice Collateral of an account at stale prices.
    /// @param self valued account
    function leftOut(Book memory self) internal pure returns (LeftOut memory left) {
        for (uint256 i = 0; i < self.holdings.length; i++) {
            Holding memory held = self.holdings[i];
            if (held.fadedWad == 0) continue;
            left.mask = Fixed.withBit(left.mask, i);
            left.valueWad += held.valueWad;
            left.creditWad += fadedCredit(held);
        }
    }

    /// @notice Margin requirement of an account.
    /// @dev sum over underlyings, and over expiries for options, of requirement and contingency, with no risk offset between them; underlyings
    /// in portfolio margin are margined together
    /// @param self valued account
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function requirement(Book memory self, Level level) internal pure returns (uint256 total) {
        total = level == Level.Initial ? self.verdict.initialWad : self.verdict.maintenanceWad;
        for (uint256 i = 0; i < self.exposures.length; i++) {
            if (isModelled(self, i)) continue;
            Standard.Exposure memory exposure = self.exposures[i];
            total += Standard.requirement(exposure, level);
            total += Standard.contingency(exposure, self.depegRateWad, level);
        }
        for (uint256 i = 0; i < self.lines.length; i++) {
            Standard.HeldOption memory line = self.lines[i];
            if (isModelled(self, line.underlying)) continue;
            Standard.Exposure memory exposure = self.exposures[line.underlying];
            total += Standard.shortContingency(exposure, line, self.depegRateWad, level);
            if (isFirst(self.lines, i)) total += Standard.stripRequirement(exposure, self.lines, i, level);
        }
    }

    /// @notice Whether an underlying is margined by portfolio margin.
    /// @dev in portfolio mode, where the underlying has parameters for it
    /// @param self valued account
    /// @param underlying number of the underlying
    function isModelled(Book memory self, uint256 underlying) internal pure returns (bool) {
        return Fixed.bits(self.modelled, underlying, 1) != 0;
    }

    /// @notice Whether an option is the first of its expiry.
    /// @param lines options of the account
    /// @param place place of the option
    function isFirst(Standard.HeldOption[] memory lines, uint256 place) internal pure returns (bool) {
        for (uint256 i = 0; i < place; i++) {
            if (Standard.isSameTerm(lines[i], lines[place])) return false;
        }
        return true;
    }

    /// @notice Buffer of an account: margin balance less margin requirement.
    /// @dev adjusted equity - requirement; negative: the account fails the level
    /// @param self valued account
    /// @param level initial or maintenance
    /// @custom:rounds down, because it is what the account owns
    function margin(Book memory self, Level level) internal pure returns (int256) {
        return adjustedEquity(self, level) - int256(requirement(self, level));
    }

    /// @notice Least margin balance at maintenance of an account that has reduced its risk.
    /// @dev none where it passes maintenance before and after. A requirement that rises is paid for in full; else the balance per requirement may not
    /// fall, unless there was no balance
    /// @param self valued account
    /// @param before the account before the change
    /// @custom:rounds up, because it must be held
    function leastBalance(Book memory self, Book memory before) internal pure returns (int256) {
        uint256 required = requirement(self, Level.Maintenance);
        uint256 former = requirement(before, Level.Maintenance);
        int256 balanceWad = adjustedEquity(before, Level.Maintenance);
        bool isKept = adjustedEquity(self, Level.Maintenance) >= int256(required);
        if (isKept && balanceWad >= int256(former)) return BOTTOMLESS;
        if (required > former) return balanceWad + int256(required - former);
        if (balanceWad <= 0 || former == 0) return BOTTOMLESS;
        return int256(Fixed.mulDivUp(uint256(balanceWad), required, former));
    }

    /// @notice Health of an account.
    /// @dev adjusted equity / requirement at maintenance [wad]; UNBOUNDED without a requirement
    /// @param self valued account
    /// @custom:rounds down, because the account owns it
    function health(Book memory self) internal pure returns (int256) {
        uint256 required = requirement(self, Level.Maintenance);
        if (required == 0) return UNBOUNDED;
        return Fixed.mulDivFloor(adjustedEquity(self, Level.Maintenance), int256(Fixed.WAD), required);
    }

    /// @notice Free collateral of an account.
    /// @dev max(0, margin at initial)
    /// @param self valued account
    /// @custom:rounds down, because the account owns it
    function freeCollateral(Book memory self) internal pure returns (uint256) {
        int256 left = margin(self, Level.Initial);
        return left < 0 ? 0 : uint256(left);
    }

    /// @notice Notional of all positions.
    /// @dev sum of |size| * mark, for options |size| * index
    /// @param self valued account
    /// @custom:rounds up, because it measures exposure
    function notional(Book memory self) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < self.exposures.length; i++) {
            total += Fixed.mulDivUp(self.exposures[i].grossWad2, 1, Fixed.WAD);
        }
        for (uint256 i = 0; i < self.lines.length; i++) {
            Standard.HeldOption memory line = self.lines[i];
            total += Fixed.mulDivUp(Fixed.abs(line.size), self.exposures[line.underlying].indexWad, Fixed.WAD);
        }
    }

    /// @notice Leverage of an account.
    /// @dev notional / equity [wad]; 0 without positions, UNBOUNDED with positions and no equity
    /// @param self valued account
    /// @custom:rounds up, because it measures exposure
    function leverage(Book memory self) internal pure returns (int256) {
        uint256 stake = notional(self);
        if (stake == 0) return 0;
        int256 equityWad = equity(self);
        if (equityWad <= 0) return UNBOUNDED;
        return Fixed.mulDivCeil(int256(stake), int256(Fixed.WAD), uint256(equityWad));
    }
}
