// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// An ERC-20 that can be destroyed, for chains with the rules of Shanghai or earlier: since Cancun the code stays.
/// It has no name and symbol, because the compiler returns strings with an instruction of Cancun.
contract Destructible is BareErc20 {
    uint8 public constant decimals = 18;
    address private immutable _end;

    /// `end`: a contract that destroys each contract that delegates to it.
    constructor(address end) {
        _end = end;
    }

    function destroy() external {
        (bool done,) = _end.delegatecall("");
        require(done, "not destroyed");
    }
}

/// Deploys a destructible token, and deploys it again at the same address after it was destroyed.
contract Phoenix {
    address private immutable _end;
    address public token;

    constructor() {
        // Deploys a contract of two instructions: CALLER, SELFDESTRUCT.
        bytes memory code = hex"6133ff6000526002601ef3";
        address end;
        assembly {
            end := create(0, add(code, 32), mload(code))
        }
        require(end != address(0), "not deployed");
        _end = end;
    }

    function rise() external {
        token = address(new Destructible{salt: 0}(_end));
    }
}
