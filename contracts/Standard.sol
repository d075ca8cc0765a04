// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";

/// @dev Initial: to take risk; Maintenance: to keep it
enum Level {
    Initial,
    Maintenance
}

/// @notice Standard margin: linear per underlying, netted inside it, with no offset between underlyings.
library Standard {
    /// @notice What an account has at stake in one underlying.
    /// @dev indexWad, confidenceWad: as published [wad]; sizeWad: sum of sizes [wad]; grossSizeWad: sum of |sizes| [wad];
    /// netWad2, grossWad2: sum of size * mark and of its magnitude [wad * wad, exact]; gainWad, lossWad: unrealised profits and losses [wad];
    /// baseWad: collateral priced by this underlying [wad]
    struct Exposure {
        Market.Risk risk;
        uint256 indexWad;
        uint256 confidenceWad;
        int256 sizeWad;
        uint256 grossSizeWad;
        int256 netWad2;
        uint256 grossWad2;
        uint256 gainWad;
        int256 lossWad;
        uint256 baseWad;
    }

    /// @notice Adds a position to an exposure.
    /// @dev profit = size * mark / 1e18 + quote; size <= 2^96 and mark <= 2^97, so the exact product fits 2^193
    /// @param self exposure to add to
    /// @param size size of the position [wad]
    /// @param quote quote of the position [wad]
    /// @param markWad price at which it is valued [wad]
    /// @custom:rounds the profit down, because it is what the account owns
    function absorb(Exposure memory self, int256 size, int256 quote, uint256 markWad) internal pure {
        int256 profit = Fixed.mulDivFloor(size, int256(markWad), Fixed.WAD) + quote;
        if (profit < 0) self.lossWad += profit;
        else self.gainWad += uint256(profit);
        self.sizeWad += size;
        self.grossSizeWad += Fixed.abs(size);
        self.netWad2 += size * int256(markWad);
        self.grossWad2 += Fixed.abs(size) * markWad;
    }

    /// @notice Requirement per net notional.
    /// @dev initial: max(initialRate, sizeTerm); maintenance: max(maintenanceRate, sizeTerm * maintenanceScale);
    /// sizeTerm = baseRate + |size| * impactRate / skewScale
    /// @param risk parameters of the underlying
    /// @param sizeWad sum of sizes [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function rate(Market.Risk memory risk, int256 sizeWad, Level level) internal pure returns (uint256) {
        uint256 term = risk.baseRate + Fixed.mulDivUp(Fixed.abs(sizeWad), risk.impactRate, risk.skewScale);
        if (level == Level.Initial) return Fixed.max(risk.initialRate, term);
        return Fixed.max(risk.maintenanceRate, Fixed.mulDivUp(term, risk.maintenanceScale, Fixed.WAD));
    }

    /// @notice Requirement of one underlying.
    /// @dev N * rate + G * spreadRate with N = |sum of size * mark| and G = sum of |size * mark| - N; as N * (rate - spreadRate)
    /// + (N + G) * spreadRate, so that joining two accounts raises it by no rounding; rate >= spreadRate by Market.requireValid
    /// @param self what is at stake
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function requirement(Exposure memory self, Level level) internal pure returns (uint256) {
        if (self.grossWad2 == 0) return 0;
        uint256 net = Fixed.abs(self.netWad2);
        uint256 perNotional = rate(self.risk, self.sizeWad, level);
        uint256 spread = self.risk.spreadRate;
        return Fixed.mulDivUp(net, perNotional - spread, Fixed.WAD_SQUARED)
            + Fixed.mulDivUp(self.grossWad2, spread, Fixed.WAD_SQUARED);
    }

    /// @notice Further requirement of one underlying because its price or the quote token is doubtful.
    /// @dev initial only: (1 - confidence) * factor * index * (sizes + base) below the threshold, plus depegRate * index * sizes
    /// @param self what is at stake
    /// @param depegRateWad requirement per notional because the quote token has lost its peg [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function contingency(Exposure memory self, uint256 depegRateWad, Level level) internal pure returns (uint256) {
        if (level == Level.Maintenance) return 0;
        uint256 doubtWad = 0;
        if (self.confidenceWad < self.risk.confidenceThreshold) {
            uint256 missing = Fixed.WAD - self.confidenceWad;
            uint256 perNotional = Fixed.mulDivUp(missing, self.risk.confidenceFactor, Fixed.WAD);
            uint256 notional = Fixed.mulDivUp(self.grossSizeWad + self.baseWad, self.indexWad, Fixed.WAD);
            doubtWad = Fixed.mulDivUp(notional, perNotional, Fixed.WAD);
        }
        if (depegRateWad == 0) return doubtWad;
        uint256 sizes = Fixed.mulDivUp(self.grossSizeWad, self.indexWad, Fixed.WAD);
        return doubtWad + Fixed.mulDivUp(sizes, depegRateWad, Fixed.WAD);
    }
}
