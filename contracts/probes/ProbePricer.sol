// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Pricer} from "../Pricer.sol";

/// @notice Exposes the functions of Pricer.
contract ProbePricer is Pricer {}
