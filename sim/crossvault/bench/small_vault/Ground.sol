// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {PerpMargin} from "./PerpMargin.sol";
import {PerpVault} from "./PerpVault.sol";

contract Dollar is ERC20 {
    constructor() ERC20("Dollar", "USDC") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice The example vault with two perps listed: what each rival is given before its first call.
contract Ground {
    Dollar public immutable dollar;
    PerpVault public immutable vault;

    constructor(address feeder) {
        dollar = new Dollar();
        vault = new PerpVault(address(this), IERC20Metadata(address(dollar)), PerpMargin.Terms(0.1e18, 0.98e18, 0.9e18, 600, 3600, 600));
        vault.setFeeder(feeder, true);
        for (uint256 i = 0; i < 2; i++) {
            vault.listUnderlying(bytes32(i), risk());
        }
    }

    function risk() public pure returns (PerpMargin.Risk memory) {
        return
            PerpMargin.Risk({
                heartbeatSecs: 3600,
                markBand: 0.05e18,
                tradeBand: 0.02e18,
                initialRate: 0.1e18,
                baseRate: 0.02e18,
                impactRate: 0.1e18,
                maintenanceRate: 0.05e18,
                maintenanceScale: 0.5e18,
                spreadRate: 0.01e18,
                profitWeight: 0.5e18,
                confidenceThreshold: 0.9e18,
                confidenceFactor: 0.1e18,
                fundingBase: 0,
                fundingCap: 0,
                skewScale: 1000e18
            });
    }
}
