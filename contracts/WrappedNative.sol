// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// The native asset as an ERC-20, with WETH9's events: Deposit and Withdrawal. Neither comes with a Transfer.
contract WrappedNative is BareErc20 {
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    uint8 public constant decimals = 18;
    string public constant name = "Wrapped Native";
    string public constant symbol = "WNAT";

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        _credit(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external {
        _debit(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, "receiver refused");
    }

    function totalSupply() public view override returns (uint256) {
        return address(this).balance;
    }

    function mint(address, uint256) external pure override {
        revert("deposit instead");
    }
}
