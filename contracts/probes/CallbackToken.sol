// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Token} from "./Token.sol";

interface IDoors {
    function fundInsurance(uint256 amountRaw) external;
    function depositCash(uint256 account, uint256 amountRaw) external;
    function withdrawCash(uint256 account, uint256 amountRaw, address to) external;
    function depositCollateral(uint256 account, uint256 collateral, uint256 amountRaw) external;
    function withdrawCollateral(uint256 account, uint256 collateral, uint256 amountRaw, address to) external;
    function trade(uint256 maker, uint256 taker, uint256 instrument, int256 size, uint256 priceWad) external;
    function settle(uint256 underlying, uint256 expiry, uint256[] calldata accounts) external;
    function setMode(uint256 account, uint256 mode) external;
    function startLiquidation(uint256 account) external;
    function declareInsolvent(uint256 account) external;
    function bid(uint256 account, uint256 bidder, uint256 fractionWad, int256 limitWad) external;
    function endLiquidation(uint256 account) external;
    function batch(bytes[] calldata calls) external;
    function setOperator(uint256 account, address operator, bool allowed) external;
    function pause() external;
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external;
}

/// @notice Test token that enters the vault again from within some of its transfers: the amount selects the door.
contract CallbackToken is Token {
    uint256 internal constant CHOICES = 32;

    constructor(string memory name_, uint8 decimals_) Token(name_, decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (msg.sender != spender) return;
        bytes memory call = value % CHOICES < 8 ? money(value % CHOICES) : others(value % CHOICES);
        if (call.length == 0) return;
        (bool done, bytes memory reason) = spender.call(call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }

    function money(uint256 door) internal view returns (bytes memory) {
        uint256 own = account(0);
        if (door == 0) return abi.encodeCall(IDoors.fundInsurance, (1));
        if (door == 1) return abi.encodeCall(IDoors.depositCash, (own, 1));
        if (door == 2) return abi.encodeCall(IDoors.withdrawCash, (own, 1, address(this)));
        if (door == 3) return abi.encodeCall(IDoors.depositCollateral, (own, 0, 1));
        if (door == 4) return abi.encodeCall(IDoors.withdrawCollateral, (own, 0, 1, address(this)));
        if (door == 5) return abi.encodeCall(IDoors.trade, (own, account(1), 0, 1, 1));
        if (door == 6) return abi.encodeCall(IDoors.settle, (0, 0, new uint256[](0)));
        return abi.encodeCall(IDoors.setMode, (own, 0));
    }

    function others(uint256 door) internal view returns (bytes memory) {
        uint256 own = account(0);
        if (door == 8) return abi.encodeCall(IDoors.startLiquidation, (own));
        if (door == 9) return abi.encodeCall(IDoors.declareInsolvent, (own));
        if (door == 10) return abi.encodeCall(IDoors.bid, (own, account(1), 1, 0));
        if (door == 11) return abi.encodeCall(IDoors.endLiquidation, (own));
        if (door == 12) return abi.encodeCall(IDoors.batch, (new bytes[](0)));
        if (door == 13) return abi.encodeCall(IDoors.setOperator, (uint256(uint160(spender)) << 96, address(this), true));
        if (door == 14) return abi.encodeCall(IDoors.pause, ());
        if (door == 15) return abi.encodeCall(IDoors.publishPrice, (0, 1, 0, 1, 0));
        return "";
    }

    function account(uint256 number) internal view returns (uint256) {
        return (uint256(uint160(address(this))) << 96) | number;
    }
}
