// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "../Fixed.sol";
import {Oracle} from "../Oracle.sol";
import {Smile} from "../Smile.sol";
import {Surface} from "../Surface.sol";

/// @notice Price doors and owner of the vault.
interface PriceDoors {
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external;
    function publishForward(
        uint256 underlying,
        uint256 expiry,
        uint256 forwardWad,
        uint256 rateWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) external;
    function publishSurface(uint256 underlying, uint256 expiry, Surface.Svi calldata svi, uint256 confidenceWad, uint256 publishedAt) external;
    function owner() external view returns (address);
}

/// @notice Feeder that publishes to the vault what two of its own feeders agree on.
/// @dev must be the only feeder of the vault. It has the price doors of the vault; a print counts once a second, different feeder publishes one that
/// agrees with it, within apartWad and withinSecs. A lone print has no effect. Its feeders are those of its deployment: others are those of
/// another contract, which a sealed vault allows as announced; the vault's owner revokes one at once
contract QuorumFeeder {
    /// @notice Print that waits for one of another feeder that agrees.
    /// @dev valueWad: index or forward [wad]; besideWad: premium or rate [wad]; svi: surface; confidenceWad [wad]; publishedAt: time of the
    /// print, offeredAt: by the clock of the chain, 0 = none [unix seconds]
    struct Offer {
        uint256 valueWad;
        int256 besideWad;
        Surface.Svi svi;
        uint256 confidenceWad;
        uint256 publishedAt;
        uint256 offeredAt;
    }

    /// @notice The sender is none of the feeders.
    error NotFeeder(address sender);
    /// @notice The sender does not own the vault.
    error NotOwner(address sender);
    /// @notice The price is zero, or beyond what a vault takes.
    error ValueOutOfRange(uint256 valueWad, int256 besideWad);
    /// @notice The print is of the future.
    error PrintFromFuture(uint256 publishedAt, uint256 at);
    /// @notice Fewer than two feeders, one twice, or none.
    error FeedersTooFew();
    /// @notice The distance of prints that agree is one or more.
    error DistanceTooLarge(uint256 apartWad);

    event PrintOffered(address indexed sender, bytes32 indexed print, uint256 publishedAt);
    event PrintsAgreed(address indexed sender, address indexed other, bytes32 indexed print, uint256 publishedAt);
    event FeederRevoked(address indexed sender, address indexed feeder);

    PriceDoors public immutable vault;
    /// @dev widest distance of two prints that agree [wad of the earlier one]
    uint256 public immutable apartWad;
    /// @dev longest time between two prints that agree, by the clock of the chain [seconds]
    uint256 public immutable withinSecs;
    address[] public feeders;
    mapping(bytes32 print => mapping(address feeder => Offer)) private offers;

    constructor(PriceDoors vault_, address[] memory feeders_, uint256 apartWad_, uint256 withinSecs_) {
        if (feeders_.length < 2) revert FeedersTooFew();
        for (uint256 i = 0; i < feeders_.length; i++) {
            if (feeders_[i] == address(0)) revert FeedersTooFew();
            for (uint256 j = 0; j < i; j++) {
                if (feeders_[i] == feeders_[j]) revert FeedersTooFew();
            }
        }
        if (apartWad_ >= 1e18) revert DistanceTooLarge(apartWad_);
        (vault, feeders, apartWad, withinSecs) = (vault_, feeders_, apartWad_, withinSecs_);
    }

    /// @notice Offers the price of an underlying, and publishes it where another feeder agrees.
    /// @dev in force is the middle of both, rounded down, so that neither chooses it: one alone moves it from what the other one prints by at most half
    /// of apartWad of the earlier one
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external {
        bytes32 print = keccak256(abi.encode("price", underlying));
        Surface.Svi memory none = Surface.Svi(0, 0, 0, 0, 0, 0, 0);
        (bool agreed, Offer memory both) = offer(print, Offer(indexWad, premiumWad, none, confidenceWad, publishedAt, block.timestamp));
        if (agreed) vault.publishPrice(underlying, both.valueWad, both.besideWad, both.confidenceWad, both.publishedAt);
    }

    /// @notice Offers the forward of an expiry, and publishes it where another feeder agrees.
    /// @dev as a price: the middle of both forwards, and of both rates
    function publishForward(
        uint256 underlying,
        uint256 expiry,
        uint256 forwardWad,
        uint256 rateWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) external {
        bytes32 print = keccak256(abi.encode("forward", underlying, expiry));
        Surface.Svi memory none = Surface.Svi(0, 0, 0, 0, 0, 0, 0);
        if (rateWad > 10e18) revert ValueOutOfRange(forwardWad, type(int256).max);
        (bool agreed, Offer memory both) =
            offer(print, Offer(forwardWad, int256(rateWad), none, confidenceWad, publishedAt, block.timestamp));
        if (agreed) {
            vault.publishForward(underlying, expiry, both.valueWad, uint256(both.besideWad), both.confidenceWad, both.publishedAt);
        }
    }

    /// @notice Offers the volatility surface of an expiry, and publishes it where another feeder agrees.
    /// @dev in force is the earlier of both, as one put together of two might not be free of arbitrage: they agree in vol at the forward of the
    /// earlier one and in the slope of each wing
    function publishSurface(uint256 underlying, uint256 expiry, Surface.Svi calldata svi, uint256 confidenceWad, uint256 publishedAt) external {
        bytes32 print = keccak256(abi.encode("surface", underlying, expiry));
        Surface.requireValid(svi);
        (bool agreed, Offer memory both) = offer(print, Offer(1, 0, svi, confidenceWad, publishedAt, block.timestamp));
        if (agreed) vault.publishSurface(underlying, expiry, both.svi, both.confidenceWad, both.publishedAt);
    }

    /// @notice Revokes a feeder, and what it has offered.
    /// @dev at once, by the owner of the vault: it takes a vote away, and adds none
    /// @param feeder feeder
    function revoke(address feeder) external {
        if (msg.sender != vault.owner()) revert NotOwner(msg.sender);
        uint256 place = placeOf(feeder);
        feeders[place] = feeders[feeders.length - 1];
        feeders.pop();
        emit FeederRevoked(msg.sender, feeder);
    }

    /// @notice Stores a print until another feeder agrees with it, or joins it with one that does.
    /// @dev an offer of a feeder replaces its last one; both offers are spent once they agree
    function offer(bytes32 print, Offer memory given) internal returns (bool, Offer memory) {
        placeOf(msg.sender);
        bool isValid = given.valueWad != 0 && given.valueWad <= type(uint96).max;
        if (!isValid || given.besideWad > type(int96).max || given.besideWad < -type(int96).max) {
            revert ValueOutOfRange(given.valueWad, given.besideWad);
        }
        if (given.publishedAt > block.timestamp) revert PrintFromFuture(given.publishedAt, block.timestamp);
        for (uint256 i = 0; i < feeders.length; i++) {
            address other = feeders[i];
            Offer memory known = offers[print][other];
            if (other == msg.sender || !agrees(given, known)) continue;
            delete offers[print][other];
            delete offers[print][msg.sender];
            emit PrintsAgreed(msg.sender, other, print, given.publishedAt);
            return (true, joined(known, given));
        }
        offers[print][msg.sender] = given;
        emit PrintOffered(msg.sender, print, given.publishedAt);
        return (false, given);
    }

    /// @notice Whether a print agrees with an earlier one.
    /// @dev the premium and the rate within apartWad, too: a premium of the index, a rate of one
    function agrees(Offer memory given, Offer memory known) internal view returns (bool) {
        if (known.offeredAt == 0 || block.timestamp > known.offeredAt + withinSecs) return false;
        if (!Oracle.isNear(given.valueWad, known.valueWad, apartWad)) return false;
        if (known.svi.refSecs != 0) return Smile.isNear(given.svi, known.svi, known.svi.refForward, apartWad);
        return Fixed.abs(given.besideWad - known.besideWad) <= Fixed.mulDivDown(apartWad, known.valueWad, Fixed.WAD);
    }

    /// @notice What counts of two prints that agree.
    /// @dev the middle of values, rounded down, as no side of a price is known here; the lower confidence; the later time, as the vault takes no print older than its last
    function joined(Offer memory known, Offer memory given) internal pure returns (Offer memory both) {
        both = known;
        both.valueWad = Fixed.midpoint(known.valueWad, given.valueWad);
        both.besideWad = Fixed.mulDivFloor(known.besideWad + given.besideWad, 1, 2);
        if (given.confidenceWad < known.confidenceWad) both.confidenceWad = given.confidenceWad;
        if (given.publishedAt > known.publishedAt) both.publishedAt = given.publishedAt;
    }

    /// @notice Place of a feeder.
    function placeOf(address feeder) internal view returns (uint256) {
        for (uint256 i = 0; i < feeders.length; i++) {
            if (feeders[i] == feeder) return i;
        }
        revert NotFeeder(feeder);
    }
}
