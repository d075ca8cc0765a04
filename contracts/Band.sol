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
    /// @notice Mark price of an instrument, and the widest distance of a trade from it.
    /// @dev band = mark * tradeBand, for options index * tradeBand; at fresh prices
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
            bandWad = Fixed.mulDivDown(exposure.indexWad, exposure.optionRisk.tradeBand, Fixed.WAD);
        } else {
            if (kind == Market.PERP) markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
            else (markWad,) = Valuation.forward(self, valued, instrument);
            bandWad = Fixed.mulDivDown(markWad, exposure.risk.tradeBand, Fixed.WAD);
        }
        Valuation.requireFresh(valued);
    }
}
