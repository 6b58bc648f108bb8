// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title TestUsdc
/// @notice Stands for USDC in tests and on test networks: six decimals, permit, and an issuer that can block addresses. Anybody
/// can mint; only the deployer can block.
contract TestUsdc is ERC20, ERC20Permit {
    error Blocked(address account);
    error NotIssuer(address actual, address expected);

    address private immutable _ISSUER = msg.sender;
    mapping(address account => bool blocked) public isBlocked;

    constructor() ERC20("Test USD Coin", "tUSDC") ERC20Permit("Test USD Coin") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setBlocked(address account, bool blocked) external {
        if (msg.sender != _ISSUER) revert NotIssuer(msg.sender, _ISSUER);
        isBlocked[account] = blocked;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlocked[from]) revert Blocked(from);
        if (isBlocked[to]) revert Blocked(to);
        super._update(from, to, value);
    }
}
