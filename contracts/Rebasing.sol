// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// A rebasing token: accounts hold shares, and one call changes every balance, even of uninvolved accounts, without
/// an event. Balances round down, as stETH's do.
contract Rebasing is BareErc20 {
    uint256 private constant ONE = 1e18;
    uint256 public index = ONE;

    function name() external pure returns (string memory) {
        return "Rebasing";
    }

    function symbol() external pure returns (string memory) {
        return "REB";
    }

    function decimals() external pure returns (uint8) {
        return 18;
    }

    function rebase(uint256 newIndex) external {
        index = newIndex;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return _balances[account] * index / ONE;
    }

    function totalSupply() public view override returns (uint256) {
        return _totalSupply * index / ONE;
    }

    function mint(address to, uint256 amount) external override {
        uint256 shares = amount * ONE / index;
        _credit(to, shares);
        _totalSupply += shares;
        emit Transfer(address(0), to, amount);
    }

    function _transfer(address from, address to, uint256 amount) internal override {
        uint256 shares = amount * ONE / index;
        _debit(from, shares);
        _credit(to, shares);
        emit Transfer(from, to, amount);
    }
}
