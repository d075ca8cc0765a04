// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Stress} from "../Stress.sol";

/// @notice Exposes the functions of Stress.
contract ProbeStress is Stress {}
