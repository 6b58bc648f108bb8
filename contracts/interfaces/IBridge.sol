// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {MachineState} from "../machine/MachineState.sol";
import {IRollupInbox} from "./IRollupInbox.sol";
import {IStateCommitmentChain} from "./IStateCommitmentChain.sol";

/// @title IBridge
/// @notice Custody of the collateral: deposits in, withdrawals out against confirmed states. It trusts nobody's word, has no owner
/// and cannot be paused.
///
/// # Safety
/// - What is paid out was withdrawn in a confirmed state, once, and never exceeds what was deposited.
/// - Assumption about the chain: it confirms right states only.
/// - Assumption about the token: balances change by transfers alone. A token that takes a fee is refused deposit by deposit; one that
///   shrinks balances later would leave the bridge short, and one whose issuer blocks the bridge's address would hold everybody's
///   collateral. USDC's issuer could.
///
/// # Liveness
/// - Anybody may finalize anybody's withdrawal, against any confirmed state that holds it.
/// - A recipient that the token refuses blocks its own withdrawal only, and may still hand its claim to another address.
interface IBridge {
    /// @notice The content of a confirmed assertion, from which its id is computed.
    struct AssertionProof {
        bytes32 parent;
        bytes32 historyRoot;
        MachineState end;
    }

    /// @notice An account was numbered.
    event AccountOpened(uint32 indexed account, address indexed owner);
    /// @notice Collateral went in; the machine credits it when it reads the message.
    event Deposited(uint32 indexed account, address indexed depositor, uint128 amount, uint64 messageIndex);
    /// @notice A claim on a withdrawal went to another owner.
    event ClaimTransferred(uint64 indexed number, address indexed original, address from, address indexed to);
    /// @notice A withdrawal was paid to the owner of its claim.
    event WithdrawalFinalized(
        uint64 indexed number,
        address indexed original,
        address indexed recipient,
        uint32 account,
        uint128 amount
    );

    error NotAContract(address account);
    error DecimalsMismatch(uint8 actual, uint8 expected);
    error InboxMismatch(address actual, address expected);
    error AmountZero();
    /// @notice A deposit above what the machine credits: accepted here, it would be malformed there, and lost.
    error AmountTooLarge(uint128 amount, uint128 maximum);
    error AddressZero();
    error AccountUnknown(uint32 account);
    error OwnerMismatch(uint32 account, address actual, address expected);
    error ReceivedMismatch(uint256 actual, uint256 expected);
    error TotalTooLarge(uint256 total, uint256 maximum);
    error WithdrawalNumberTooLarge(uint64 number, uint64 maximum);
    error WithdrawalUnknown(uint64 number);
    error AlreadyFinalized(uint64 number);
    error AssertionNotConfirmed(bytes32 id);
    error TotalTooSmall(uint256 total, uint256 amount);
    error NotClaimOwner(address actual, address expected);

    /// @notice Numbers a new account and deposits to it. Numbers begin at 1; 0 is the fee account, which exists from genesis.
    /// @param owner Owner of the account on L2: it signs orders and withdrawals. Not zero.
    /// @param amount More than zero and below 2^64, of the caller's tokens, which it has approved.
    /// @return account The account's number.
    function open(address owner, uint128 amount) external returns (uint32 account);

    /// @notice Deposits to an existing account.
    /// @param owner The owner that the bridge recorded. A reorganisation of L1 may give the number to somebody else: then the call
    /// reverts instead of crediting a stranger.
    /// @param amount As in `open`.
    function deposit(uint32 account, address owner, uint128 amount) external;

    /// @notice `open` after an ERC-2612 permit of the caller's. A permit that somebody has used before does not fail the call, as
    /// long as the allowance suffices.
    function openWithPermit(
        address owner,
        uint128 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint32 account);

    /// @notice `deposit` after an ERC-2612 permit of the caller's, as in `openWithPermit`.
    function depositWithPermit(
        uint32 account,
        address owner,
        uint128 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pays a withdrawal to the owner of its claim. Anybody may call.
    /// @param number The withdrawal's number.
    /// @param assertion A confirmed assertion, not necessarily the latest.
    /// @param witness Witness item of form 0 (specification, section 2.1) that opens the withdrawal's slot in its end state.
    function finalizeWithdrawal(uint64 number, AssertionProof calldata assertion, bytes calldata witness) external;

    /// @notice Hands the claim on a withdrawal to another address, also before the withdrawal exists. Only the claim's owner, which is
    /// the recipient on L2 until it hands it on. Claims are kept by number and recipient, since nobody here knows the
    /// recipient before a state that holds the withdrawal is confirmed.
    /// @param original The recipient on L2.
    function transferClaim(uint64 number, address original, address to) external;

    function token() external view returns (IERC20);
    function inbox() external view returns (IRollupInbox);
    function chain() external view returns (IStateCommitmentChain);
    /// @notice Deposits less withdrawals. Tokens that were sent to the bridge's address do not count.
    function accounted() external view returns (uint256);
    /// @notice Number of the account that was opened last.
    function accountCount() external view returns (uint32);
    function ownerOf(uint32 account) external view returns (address);
    function isFinalized(uint64 number) external view returns (bool);
    function claimOwnerOf(uint64 number, address original) external view returns (address);
}
