// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IBisectionGame
/// @notice What the StateCommitmentChain asks the dispute game about an assertion that has rivals.
interface IBisectionGame {
    /// @notice Time in seconds that the assertion has on its side. It never falls; the largest value stands for a proof.
    ///
    /// Safety: of rival assertions the game lets only the right one reach the challenge period, provided that one honest party
    /// answers within the delays that the challenge period allows for.
    function totalOf(bytes32 assertionId) external view returns (uint64);
}
