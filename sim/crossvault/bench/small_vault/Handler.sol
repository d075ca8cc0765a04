// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {PerpMargin} from "./PerpMargin.sol";
import {PerpVault} from "./PerpVault.sol";
import {Dollar, Ground} from "./Ground.sol";

interface Vm {
    function prank(address sender) external;
    function warp(uint256 time) external;
}

/// @notice Calls that make sense, drawn from arguments of any size; their expected effects are kept alongside.
contract Handler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    Dollar public immutable dollar;
    PerpVault public immutable vault;
    bool public broken;
    uint256[2] public indexWad = [uint256(2_000e18), 40_000e18];

    constructor() {
        Ground ground = new Ground(address(this));
        (dollar, vault) = (ground.dollar(), ground.vault());
        for (uint256 i = 0; i < 3; i++) {
            address who = owner(i);
            dollar.mint(who, 1e30);
            VM.prank(who);
            dollar.approve(address(vault), type(uint256).max);
            VM.prank(who);
            vault.setOperator(account(i), address(this), true);
            VM.prank(who);
            vault.depositCash(account(i), 100_000e6);
        }
        _print();
    }

    function deposit(uint256 who, uint256 amount) external {
        who = who % 3;
        amount = 1 + (amount % 100_000e6);
        int256 before = vault.cash(account(who));
        VM.prank(owner(who));
        vault.depositCash(account(who), amount);
        _require(vault.cash(account(who)) == before + int256(amount * 1e12));
    }

    function withdraw(uint256 who, uint256 amount) external {
        who = who % 3;
        amount = 1 + (amount % 200_000e6);
        VM.prank(owner(who));
        vault.withdrawCash(account(who), amount, owner(who));
        _require(initialMargin(who) >= 0);
    }

    function trade(uint256 maker, uint256 taker, uint256 underlying, int256 size, uint256 price) external {
        _trade(maker % 3, taker % 3, underlying % 2, (size % 10e18) / (underlying % 2 == 0 ? int256(1) : int256(20)), price);
    }

    function close(uint256 maker, uint256 taker, uint256 underlying, uint256 price) external {
        int256 size = vault.positionOf(account(taker % 3), perp(underlying % 2)).size;
        _trade(maker % 3, taker % 3, underlying % 2, -size, price);
    }

    function move(uint256 underlying, uint256 index) external {
        uint256 usual = underlying % 2 == 0 ? 2_000e18 : 40_000e18;
        indexWad[underlying % 2] = usual / 2 + (index % usual);
        _print();
    }

    function pass(uint256 secs) external {
        VM.warp(block.timestamp + (secs % 3600));
        _print();
    }

    // the same figures, computed without the vault

    function owner(uint256 who) public pure returns (address) {
        return address(uint160(0xA11CE + who));
    }

    function account(uint256 who) public pure returns (uint256) {
        return uint256(uint160(owner(who))) << 96;
    }

    function perp(uint256 underlying) public pure returns (uint256) {
        return (underlying << 144) + (1 << 136);
    }

    function equity(uint256 who) public view returns (int256 total) {
        total = vault.cash(account(who));
        for (uint256 i = 0; i < 2; i++) total += _profit(who, i);
    }

    function initialMargin(uint256 who) public view returns (int256 margin) {
        margin = vault.cash(account(who));
        for (uint256 i = 0; i < 2; i++) {
            int256 profit = _profit(who, i);
            margin += profit > 0 ? profit / 2 : profit;
            margin -= int256(_required(_abs(vault.positionOf(account(who), perp(i)).size), indexWad[i]));
        }
    }

    function cashAndQuotes(uint256 who) public view returns (int256 total) {
        total = vault.cash(account(who));
        for (uint256 i = 0; i < 2; i++) total += vault.positionOf(account(who), perp(i)).quote;
    }

    function _trade(uint256 maker, uint256 taker, uint256 underlying, int256 size, uint256 price) private {
        uint256 index = indexWad[underlying];
        price = index - index / 50 + (price % (index / 25));
        (int256 made, int256 taken) = (cashAndQuotes(maker), cashAndQuotes(taker));
        (int256 makers, int256 takers) = (initialMargin(maker), initialMargin(taker));
        vault.trade(account(maker), account(taker), perp(underlying), size, price);
        int256 quote = _ceil(size * int256(price));
        _require(cashAndQuotes(maker) == made + quote && cashAndQuotes(taker) == taken - quote);
        _require(initialMargin(maker) >= 0 || initialMargin(maker) >= makers);
        _require(initialMargin(taker) >= 0 || initialMargin(taker) >= takers);
    }

    function _print() private {
        for (uint256 i = 0; i < 2; i++) vault.publishPrice(i, indexWad[i], 0, 1e18, block.timestamp);
    }

    function _profit(uint256 who, uint256 underlying) private view returns (int256) {
        PerpMargin.Position memory position = vault.positionOf(account(who), perp(underlying));
        return -_ceil(-position.size * int256(indexWad[underlying])) + position.quote;
    }

    function _required(uint256 size, uint256 index) private pure returns (uint256) {
        uint256 term = 0.02e18 + Math.ceilDiv(size * 0.1e18, 1000e18);
        uint256 rate = term > 0.1e18 ? term : 0.1e18;
        return Math.ceilDiv(size * index * (rate - 0.01e18), 1e36) + Math.ceilDiv(size * index * 0.01e18, 1e36);
    }

    function _ceil(int256 product) private pure returns (int256) {
        return product / 1e18 + (product > 0 && product % 1e18 != 0 ? int256(1) : int256(0));
    }

    function _abs(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }

    function _require(bool holds) private {
        if (!holds) broken = true;
    }
}
