// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What one transaction is executed with, besides its bytes.
struct ExecutionContext {
    /// Root of the state before.
    bytes32 root;
    /// L2 time, seconds: "now" of the specification.
    uint64 l2Time;
    /// L1 time of the batch, or of the message, seconds.
    uint64 l1Time;
    /// What times and days of the transaction are relative to: the batch's own L2 time, or 0 for a message.
    uint64 timeBase;
    /// Kind of the message (Inputs.KIND_…), or 0 for an item of a batch.
    uint8 kind;
    /// Account of a Settle, by its position in the list.
    uint16 part;
    /// Who sent the message on L1; zero for an item of a batch.
    address sender;
}

/// @title IExecutor
/// @notice Judge of one family of transactions: runs one of them against a witness of the slots that it opens.
///
/// Whatever was committed on L1 has a result, which depends on the committed bytes and the state alone. Only bad evidence (a witness
/// that does not open what the transaction opens, or that is not used up exactly) and a lack of gas revert, and nothing that
/// reverts may be taken for a result.
interface IExecutor {
    /// @notice A message or a transaction type that belongs to another executor.
    error NotMine(uint8 kind, uint8 transactionType);

    /// @notice Executes one transaction.
    /// @param context What it is executed with.
    /// @param item The transaction, or the payload of a message of another kind than Forced.
    /// @param witness The items of the slots that the transaction opens, in that order, up to the check that fails if one does.
    /// @return root Root of the state after; the one before unless the code is OK.
    /// @return code Result (docs/specification.md, section 7).
    function execute(
        ExecutionContext calldata context,
        bytes calldata item,
        bytes calldata witness
    ) external view returns (bytes32 root, uint8 code);
}
