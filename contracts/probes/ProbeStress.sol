// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Stress} from "../Stress.sol";

/// @notice The functions of Stress, as they stand.
contract ProbeStress is Stress {}
