// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBisectionGame} from "../interfaces/IBisectionGame.sol";

/// @title GameDeployer
/// @notice Deploys one dispute game, at an address that is known before: the chain of assertions names its game and the game its chain, and
/// neither can be told later. Unlike an address that follows from the deployer's own nonce, this one stays the same whatever else the
/// deployer sends in between, so an interrupted deployment can go on at any time. It has no use, and nobody a right in it, afterwards.
contract GameDeployer {
    address private immutable _DEPLOYER;

    /// @notice Where the game will be, or is: the address of the first contract that this one creates.
    address public immutable GAME;

    error NotDeployer(address sender, address deployer);

    /// @notice Whoever deploys this contract, and nobody else, may deploy the game.
    constructor() {
        _DEPLOYER = msg.sender;
        // A contract's own nonce begins with 1 (EIP-161), and the address of what it creates is the hash of RLP([itself, nonce]).
        GAME = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), hex"01")))));
    }

    /// @notice Deploys the game, or does nothing if it is there: whoever has lost track of the transaction may repeat it. Reverts with
    /// NotDeployer, or with what the game's constructor reverts with.
    /// @param creationCode The game's, without arguments.
    /// @param parameters What it is constructed with.
    /// @return game {GAME}.
    function deploy(
        bytes calldata creationCode,
        IBisectionGame.Parameters calldata parameters
    ) external returns (address game) {
        // SAFETY: the game's constructor checks chain and inbox, not the prover. Somebody else could deploy one that proves lies.
        if (msg.sender != _DEPLOYER) revert NotDeployer(msg.sender, _DEPLOYER);
        // INVARIANT: nothing but the game is ever created, so it is the first, and at GAME.
        if (GAME.code.length != 0) return GAME;
        bytes memory initCode = abi.encodePacked(creationCode, abi.encode(parameters));
        assembly ("memory-safe") {
            game := create(0, add(initCode, 0x20), mload(initCode))
            if iszero(game) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }
}
