// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {PerpMargin} from "./PerpMargin.sol";

/// @notice Cash and perps of several underlyings, in standard margin: a second reading of the specification.
/// @dev Written from contracts/README.md and the documentation of the doors. It shares no code with the vault that ships, and is not meant
/// for use: no interest, no funding, no collateral, no lock against tokens that call back.
contract PerpVault is PerpMargin {
    error AmountTooLarge(uint256 amountWad, uint256 capWad);
    error AuctionInsolvent(int256 valueWad, uint256 discountWad);
    error AuctionSolvent(int256 valueWad, uint256 discountWad);
    error BidTooDear(int256 costWad, int256 limitWad);
    error ConfidenceTooLarge(uint256 confidenceWad, uint256 capWad);
    error DeficitOpen(uint256 deficitWad, uint256 insuranceWad);
    error FractionOutOfRange(uint256 fractionWad, uint256 capWad);
    error InsufficientLiquidity(uint256 heldRaw, uint256 amountRaw);
    error InsuranceExhausted(uint256 insuranceWad, uint256 neededWad);
    error NotAuthorized(uint256 account, address sender);
    error NotFeeder(address sender);
    error NotGuardian(address sender);
    error NotLiquidatable(uint256 account, int256 marginWad);
    error NotOwner(address sender);
    error NotUnderLiquidation(uint256 account);
    error OwnBid(uint256 account, uint256 bidder);
    error PriceFromFuture(uint256 publishedAt, uint256 nowAt);
    error PriceGoesBackwards(uint256 publishedAt, uint256 lastAt);
    error PriceOutsideBand(uint256 priceWad, uint256 lowWad, uint256 highWad);
    error PriceTooLarge(uint256 priceWad, uint256 capWad);
    error SameAccount(uint256 account);
    error SizeTooLarge(uint256 sizeWad, uint256 capWad);
    error StillLiquidatable(uint256 account, int256 marginWad);
    error TooManyUnderlyings(uint256 count, uint256 cap);
    error UnderLiquidation(uint256 account);
    error UnknownUnderlying(uint256 underlying);
    error VaultPaused();
    error ZeroAmount();
    error ZeroPrice();
    error ZeroSize();

    event CashDeposited(address indexed sender, uint256 indexed account, uint256 amountRaw, int256 principal);
    event CashWithdrawn(address indexed sender, uint256 indexed account, uint256 amountRaw, address to, int256 principal);
    event FeederSet(address indexed sender, address feeder, bool allowed);
    event InsuranceFunded(address indexed sender, uint256 amountRaw, uint256 insuranceWad);
    event LiquidationEnded(address indexed sender, uint256 indexed account, int256 marginWad);
    event OperatorSet(address indexed sender, uint256 indexed account, address operator, bool allowed);
    event Paused(address indexed sender);
    event Unpaused(address indexed sender);

    constructor(address owner_, IERC20Metadata quote, Terms memory terms_) {
        owner = owner_;
        QUOTE = quote;
        UNIT = 10 ** (18 - quote.decimals());
        terms = terms_;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    // governance and prices

    function setGuardian(address to) external onlyOwner {
        guardian = to;
    }

    function setFeeder(address feeder, bool allowed) external onlyOwner {
        isFeeder[feeder] = allowed;
        emit FeederSet(msg.sender, feeder, allowed);
    }

    function pause() external {
        if (msg.sender != guardian && msg.sender != owner) revert NotGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external onlyOwner {
        if (paused) biddableSince = block.timestamp;
        paused = false;
        emit Unpaused(msg.sender);
    }

    function listUnderlying(bytes32, Risk calldata risk) external onlyOwner {
        if (risks.length == 8) revert TooManyUnderlyings(9, 8);
        risks.push(risk);
    }

    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external {
        if (!isFeeder[msg.sender]) revert NotFeeder(msg.sender);
        if (underlying >= risks.length) revert UnknownUnderlying(underlying);
        _requirePrice(indexWad);
        if (_abs(premiumWad) > 2 ** 95 - 1) revert PriceTooLarge(_abs(premiumWad), 2 ** 95 - 1);
        if (confidenceWad > 1e18) revert ConfidenceTooLarge(confidenceWad, 1e18);
        if (publishedAt > block.timestamp) revert PriceFromFuture(publishedAt, block.timestamp);
        uint256 last = prints[underlying].publishedAt;
        if (publishedAt < last) revert PriceGoesBackwards(publishedAt, last);
        uint256 oldest = block.timestamp - Math.min(block.timestamp, risks[underlying].heartbeatSecs);
        if (last < oldest && publishedAt >= oldest) freshSince[underlying] = block.timestamp;
        prints[underlying] = Print(indexWad, premiumWad, confidenceWad, publishedAt);
    }

    // cash

    function setOperator(uint256 account, address operator, bool allowed) external {
        if (_ownerOf(account) != msg.sender) revert NotAuthorized(account, msg.sender);
        operators[account][operator] = allowed;
        acted[account][operator] = false;
        emit OperatorSet(msg.sender, account, operator, allowed);
    }

    function depositCash(uint256 account, uint256 amountRaw) external {
        _requireAuthority(account);
        uint256 amount = _pull(amountRaw);
        cash[account] += int256(amount);
        emit CashDeposited(msg.sender, account, amountRaw, cash[account]);
    }

    function fundInsurance(uint256 amountRaw) external {
        insuranceWad += _pull(amountRaw);
        emit InsuranceFunded(msg.sender, amountRaw, insuranceWad);
    }

    function withdrawCash(uint256 account, uint256 amountRaw, address to) external {
        _requireRunning();
        _requireAuthority(account);
        if (msg.sender != _ownerOf(account) && to != _ownerOf(account)) revert NotAuthorized(account, msg.sender);
        _requireIdle(account);
        if (deficitWad > insuranceWad) revert DeficitOpen(deficitWad, insuranceWad);
        cash[account] -= int256(_amount(amountRaw));
        _requireInitial(account);
        uint256 holds = QUOTE.balanceOf(address(this));
        if (holds < amountRaw) revert InsufficientLiquidity(holds, amountRaw);
        QUOTE.transfer(to, amountRaw);
        emit CashWithdrawn(msg.sender, account, amountRaw, to, cash[account]);
    }

    // trades

    function trade(uint256 maker, uint256 taker, uint256 instrument, int256 size, uint256 priceWad) external {
        _requireAuthority(maker);
        _requireAuthority(taker);
        if (maker == taker) revert SameAccount(maker);
        _requireIdle(maker);
        _requireIdle(taker);
        _requireOffer(instrument, size, priceWad);
        int256 quote = _product(size, priceWad, Math.Rounding.Ceil);
        _fillChecked(maker, instrument, -size, quote);
        _fillChecked(taker, instrument, size, -quote);
    }

    function _requireOffer(uint256 instrument, int256 size, uint256 priceWad) private view {
        (uint256 mark, uint256 band) = quotation(instrument);
        if (size == 0) revert ZeroSize();
        if (_abs(size) > CAP) revert SizeTooLarge(_abs(size), CAP);
        _requirePrice(priceWad);
        uint256 low = mark > band ? mark - band : 0;
        if (priceWad < low || priceWad > mark + band) revert PriceOutsideBand(priceWad, low, mark + band);
    }

    function _fillChecked(uint256 account, uint256 instrument, int256 size, int256 quote) private {
        Worth memory before = _worth(account);
        int256 old = positions[account][instrument].size;
        bool rising = _abs(old + size) > _abs(old) || (old > 0) != (old + size > 0) && old != 0 && old + size != 0;
        if (rising) _requireRunning();
        _fill(account, instrument, size, quote);
        if (rising) _requireInitial(account);
        else _requireNoFall(account, before);
    }

    function _fill(uint256 account, uint256 instrument, int256 size, int256 quote) private {
        Position storage position = positions[account][instrument];
        if (position.size == 0 && size != 0) held[account].push(instrument);
        position.size += size;
        position.quote += quote;
        if (_abs(position.size) > CAP) revert SizeTooLarge(_abs(position.size), CAP);
        if (position.size == 0) {
            cash[account] += position.quote;
            delete positions[account][instrument];
            _drop(held[account], instrument);
        }
    }

    function _drop(uint256[] storage list, uint256 instrument) private {
        for (uint256 i = 0; i < list.length; i++) {
            if (list[i] != instrument) continue;
            list[i] = list[list.length - 1];
            list.pop();
            return;
        }
    }

    // liquidation

    function startLiquidation(uint256 account) external {
        _requireRunning();
        if (sales[account].insolventAt == 0) _requireIdle(account);
        (int256 equity, int256 margin) = maintenance(account);
        if (sales[account].insolventAt != 0) {
            if (equity <= 0) revert UnderLiquidation(account);
            return _restart(account);
        }
        if (margin >= 0) revert NotLiquidatable(account, margin);
        sales[account].startedAt = block.timestamp;
        if (equity <= 0) sales[account].insolventAt = block.timestamp;
        _noteDeficit(account, equity);
    }

    function endLiquidation(uint256 account) external {
        if (sales[account].startedAt == 0) revert NotUnderLiquidation(account);
        (int256 equity, int256 margin) = maintenance(account);
        int256 missing = _restored(account, equity, margin);
        if (missing < 0) revert StillLiquidatable(account, missing);
        _endSale(account);
        emit LiquidationEnded(msg.sender, account, margin);
    }

    function declareInsolvent(uint256 account) external {
        _requireRunning();
        (int256 equity,,) = _failing(account);
        Sale storage sale = sales[account];
        (int256 value, uint256 discount) = (equity - int256(sale.reserved), _discountOf(account));
        if (sale.insolventAt != 0) revert AuctionInsolvent(value, discount);
        if (value > 0) revert AuctionSolvent(value, discount);
        (sale.insolventAt, sale.reserved) = (block.timestamp, 0);
        _noteDeficit(account, equity);
    }

    function bid(uint256 account, uint256 bidder, uint256 fractionWad, int256 limitWad) external {
        _requireRunning();
        _requireAuthority(bidder);
        if (account == bidder) revert SameAccount(account);
        if (fractionWad == 0 || fractionWad > 1e18) revert FractionOutOfRange(fractionWad, 1e18);
        _requireIdle(bidder);
        (int256 worth,,) = _failing(account);
        if (sales[account].insolventAt != 0 && worth > 0) _restart(account);
        (uint256 part, int256 cost, bool last) = _offer(account, bidder, fractionWad);
        if (cost > limitWad) revert BidTooDear(cost, limitWad);
        _movePart(account, bidder, part);
        _pay(account, bidder, cost);
        _requireInitial(bidder);
        (int256 equity, int256 margin) = maintenance(account);
        if (last || _restored(account, equity, margin) >= 0) _endSale(account);
        else _noteDeficit(account, equity);
    }

    function _offer(uint256 account, uint256 bidder, uint256 fraction) private view returns (uint256 part, int256 cost, bool last) {
        (int256 equity, int256 margin, int256 missing) = _failing(account);
        Sale storage sale = sales[account];
        uint256 discount = _discountOf(account);
        if (discount < 1e18) _requireStranger(account, bidder);
        if (sale.insolventAt != 0) {
            uint256 elapsed = Math.min(_elapsed(account), terms.insolventSecs);
            int256 payout = -equity + int256(uint256(equity - margin) * elapsed / terms.insolventSecs);
            cost = -_product(payout, fraction, Math.Rounding.Floor);
            return (fraction, cost, fraction == 1e18);
        }
        int256 value = equity - int256(sale.reserved);
        if (value <= 0) revert AuctionInsolvent(value, discount);
        uint256 most = _mostSold(uint256(-missing), uint256(equity), sale.reserved, discount);
        part = Math.min(fraction, most);
        uint256 price = Math.mulDiv(uint256(value), discount, 1e18, Math.Rounding.Ceil);
        cost = _product(int256(price), part, Math.Rounding.Ceil);
        last = part == most;
    }

    /// @dev an insolvent account has no discount left
    function _discountOf(uint256 account) private view returns (uint256) {
        Sale storage sale = sales[account];
        return sale.insolventAt == 0 ? _discount(_elapsed(account)) : 0;
    }

    /// @dev a gap in a price, or a pause, starts the clock anew
    function _elapsed(uint256 account) private view returns (uint256) {
        Sale storage sale = sales[account];
        uint256 since = Math.max(Math.max(sale.startedAt, sale.insolventAt), biddableSince);
        for (uint256 i = 0; i < held[account].length; i++) since = Math.max(since, freshSince[held[account][i] >> 144]);
        return block.timestamp - since;
    }

    function _requireStranger(uint256 account, uint256 bidder) private view {
        if (_isOwn(account, _ownerOf(bidder)) || _isOwn(account, msg.sender)) revert OwnBid(account, bidder);
    }

    function _mostSold(uint256 missing, uint256 equity, uint256 reserved, uint256 discount) private pure returns (uint256) {
        uint256 worth = equity * discount + reserved * (1e18 - discount);
        return Math.max(1, Math.mulDiv(missing * 1e18, 1e18, missing * 1e18 + worth));
    }

    function _movePart(uint256 from, uint256 to, uint256 part) private {
        int256 moved = _part(cash[from] - int256(sales[from].reserved), part);
        cash[from] -= moved;
        cash[to] += moved;
        uint256[] memory list = held[from];
        for (uint256 i = 0; i < list.length; i++) {
            Position memory position = positions[from][list[i]];
            (int256 size, int256 quote) = (_part(position.size, part), _part(position.quote, part));
            _fill(from, list[i], -size, -quote);
            _fill(to, list[i], size, quote);
        }
    }

    function _pay(uint256 account, uint256 bidder, int256 cost) private {
        cash[bidder] -= cost;
        if (cost > 0) {
            cash[account] += cost;
            if (sales[account].insolventAt == 0) sales[account].reserved += uint256(cost);
        } else {
            if (uint256(-cost) > insuranceWad) revert InsuranceExhausted(insuranceWad, uint256(-cost));
            insuranceWad -= uint256(-cost);
        }
    }

    function _failing(uint256 account) private view returns (int256 equity, int256 margin, int256 missing) {
        if (sales[account].startedAt == 0) revert NotUnderLiquidation(account);
        (equity, margin) = maintenance(account);
        missing = _restored(account, equity, margin);
        if (missing >= 0) revert NotLiquidatable(account, missing);
    }

    function _endSale(uint256 account) private {
        deficitWad -= sales[account].deficit;
        delete sales[account];
    }

    function _noteDeficit(uint256 account, int256 equity) private {
        uint256 deficit = equity < 0 ? uint256(-equity) : 0;
        deficitWad = deficitWad - sales[account].deficit + deficit;
        sales[account].deficit = deficit;
    }

    /// @dev an account that was insolvent is worth something again
    function _restart(uint256 account) private {
        (sales[account].startedAt, sales[account].insolventAt) = (block.timestamp, 0);
        _noteDeficit(account, 0);
    }

    /// @dev what an auction restores: the buffer, or initial margin
    function _restored(uint256 account, int256 equity, int256 margin) private view returns (int256 missing) {
        missing = _withBuffer(equity, margin);
        int256 initial = margin < 0 ? margin : initialMargin(account);
        if (initial >= 0 && initial > missing) missing = initial;
    }

    function _withBuffer(int256 equity, int256 margin) private view returns (int256) {
        return margin + _product(margin - equity, terms.bufferWad, Math.Rounding.Floor);
    }

    function _discount(uint256 elapsed) private view returns (uint256) {
        if (elapsed < terms.fastSecs) {
            uint256 left = terms.fastSecs - elapsed;
            return terms.kneeWad + Math.mulDiv(terms.startWad - terms.kneeWad, left, terms.fastSecs, Math.Rounding.Ceil);
        }
        uint256 slow = elapsed - terms.fastSecs;
        if (slow >= terms.slowSecs) return 0;
        return Math.mulDiv(terms.kneeWad, terms.slowSecs - slow, terms.slowSecs, Math.Rounding.Ceil);
    }

    function _part(int256 amount, uint256 part) private pure returns (int256) {
        return (amount * int256(part)) / 1e18;
    }

    // who may, and how much

    function isAuthorized(uint256 account, address sender) public view returns (bool) {
        return _ownerOf(account) == sender || operators[account][sender];
    }

    function _ownerOf(uint256 account) private pure returns (address) {
        return address(uint160(account >> 96));
    }

    function _requireAuthority(uint256 account) private {
        if (!isAuthorized(account, msg.sender)) revert NotAuthorized(account, msg.sender);
        acted[account][msg.sender] = true;
    }

    /// @dev no one is made an operator unasked: one that has never acted for the account may bid
    function _isOwn(uint256 account, address who) private view returns (bool) {
        return _ownerOf(account) == who || acted[account][who];
    }

    function _requireIdle(uint256 account) private view {
        if (sales[account].startedAt != 0) revert UnderLiquidation(account);
    }

    function _requireRunning() private view {
        if (paused) revert VaultPaused();
    }

    function _requirePrice(uint256 price) private pure {
        if (price == 0) revert ZeroPrice();
        if (price > CAP) revert PriceTooLarge(price, CAP);
    }

    function _amount(uint256 amountRaw) private view returns (uint256) {
        if (amountRaw == 0) revert ZeroAmount();
        if (amountRaw > CAP) revert AmountTooLarge(amountRaw, CAP);
        if (amountRaw * UNIT > CAP) revert AmountTooLarge(amountRaw * UNIT, CAP);
        return amountRaw * UNIT;
    }

    function _pull(uint256 amountRaw) private returns (uint256 amount) {
        amount = _amount(amountRaw);
        QUOTE.transferFrom(msg.sender, address(this), amountRaw);
    }
}
