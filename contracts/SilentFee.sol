// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Takes 1 % of each transfer for a collector without an event: the Transfer event has the full amount.
contract SilentFee is BareErc20 {
    uint8 public constant decimals = 18;
    string public constant name = "Silent Fee";
    string public constant symbol = "FEE";
    address public immutable collector;

    constructor(address collector_) {
        collector = collector_;
    }

    function _transfer(address from, address to, uint256 amount) internal override {
        uint256 fee = amount / 100;
        _debit(from, amount);
        _credit(to, amount - fee);
        _credit(collector, fee);
        emit Transfer(from, to, amount);
    }
}
