// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {BareErc20} from "./BareErc20.sol";

// The storage slot of the implementation in a proxy of EIP-1967: keccak256("eip1967.proxy.implementation") - 1.
bytes32 constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

/// The code behind the proxy. It contains the decimals, so an upgrade changes them at the same address.
contract UpgradeableToken is BareErc20 {
    uint8 public immutable decimals;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function name() external pure returns (string memory) {
        return "Upgradeable";
    }

    function symbol() external pure returns (string memory) {
        return "UPG";
    }

    function upgradeTo(address implementation) external {
        assembly {
            sstore(IMPLEMENTATION, implementation)
        }
    }
}

/// The proxy at the address that holders use.
contract UpgradeableProxy is Proxy {
    constructor(address implementation) {
        assembly {
            sstore(IMPLEMENTATION, implementation)
        }
    }

    function _implementation() internal view override returns (address implementation) {
        assembly {
            implementation := sload(IMPLEMENTATION)
        }
    }
}
