// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";
import {Standard} from "./Standard.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Prices at which an instrument may be traded.
library Band {
    /// @dev part of the index by which any option may trade away from its mark: ten of the steps in which venues quote options [wad]
    uint256 internal constant VALUE_FLOOR = 1e15;

    /// @notice Mark price of an instrument, and the widest distance of a trade from it.
    /// @dev band = mark * tradeBand, for options optionBand; at fresh prices
    /// @param self ledger
    /// @param instrument number of the instrument
    /// @custom:rounds the band down, because it is a limit
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice
    function quotation(Ledger.State storage self, uint256 instrument) internal view returns (uint256 markWad, uint256 bandWad) {
        Ledger.requireTraded(self, instrument);
        uint256 underlying = Market.underlyingOf(instrument);
        Margin.Book memory valued;
        valued.exposures = new Standard.Exposure[](self.risks.length);
        Standard.Exposure memory exposure = Valuation.load(self, valued, underlying);
        uint256 kind = Market.kindOf(instrument);
        if (Market.isOption(kind)) {
            valued.lines = new Standard.HeldOption[](1);
            valued.lines[0] = Valuation.optionLine(self, valued, instrument, 0);
            Valuation.markOptions(self, valued.lines);
            markWad = valued.lines[0].markWad;
            bandWad = optionBand(exposure, markWad);
        } else {
            if (kind == Market.PERP) markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
            else (markWad,) = Valuation.forward(self, valued, instrument);
            bandWad = Fixed.mulDivDown(markWad, exposure.risk.tradeBand, Fixed.WAD);
        }
        Valuation.requireFresh(valued);
    }

    /// @notice Widest distance of a trade in an option from its mark.
    /// @dev index * tradeBand, and with a valueBand no more than mark * valueBand + index * VALUE_FLOOR: a part of the index alone lets an option
    /// that is worth nothing trade at any price up to it
    /// @param exposure prices and parameters of the underlying
    /// @param markWad mark price of the option [wad]
    /// @custom:rounds down, because it is a limit
    function optionBand(Standard.Exposure memory exposure, uint256 markWad) internal pure returns (uint256 bandWad) {
        bandWad = Fixed.mulDivDown(exposure.indexWad, exposure.optionRisk.tradeBand, Fixed.WAD);
        uint256 valueBand = exposure.optionRisk.valueBand;
        if (valueBand == 0) return bandWad;
        uint256 floorWad = Fixed.mulDivDown(exposure.indexWad, VALUE_FLOOR, Fixed.WAD);
        return Fixed.min(bandWad, Fixed.mulDivDown(markWad, valueBand, Fixed.WAD) + floorWad);
    }
}
