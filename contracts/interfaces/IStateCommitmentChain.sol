// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MachineState} from "../machine/MachineState.sol";
import {IBisectionGame} from "./IBisectionGame.sol";
import {IRollupInbox} from "./IRollupInbox.sol";

/// @notice What is stored of an assertion, one word. Its content is its id.
///
/// | bits | field             | meaning                                                                        |
/// | ---- | ----------------- | ------------------------------------------------------------------------------ |
/// | 40   | createdAt         | timestamp; zero: there is no such assertion                                    |
/// | 64   | childTarget       | number of batches of the range that its children are claims about              |
/// | 40   | firstChildAt      | creation time of its first child, zero if none                                 |
/// | 40   | secondChildAt     | creation time of its second child, zero if none: the first one's own time stops |
/// | 32   | childCount        | children                                                                       |
/// | 8    | isFirstChild      | it is its parent's first child                                                 |
/// | 8    | isOverflow        | its range has more steps than a history holds; its children keep the target    |
/// | 8    | isConfirmed       | it is confirmed                                                                |
/// | 8    | hasConfirmedChild | one of its children is confirmed                                               |
struct Assertion {
    uint40 createdAt;
    uint64 childTarget;
    uint40 firstChildAt;
    uint40 secondChildAt;
    uint32 childCount;
    bool isFirstChild;
    bool isOverflow;
    bool isConfirmed;
    bool hasConfirmedChild;
}

/// @notice What is stored of the stakes that a family with rivals has lost, one word.
///
/// | bits | field    | meaning                                                             |
/// | ---- | -------- | ------------------------------------------------------------------- |
/// | 40   | closedAt | when one of the children was confirmed; zero: not yet, or no rivals |
/// | 128  | refunded | wei that have been paid for moves                                   |
/// | 8    | isSwept  | the rest has gone to the treasury                                   |
struct Escrow {
    uint40 closedAt;
    uint128 refunded;
    bool isSwept;
}

/// @title IStateCommitmentChain
/// @notice The tree of assertions about the state after a fixed range of inputs; stakes; confirmation. It judges no transition.
///
/// An assertion commits to its parent, the machine state at its end and the history of all states between, and its id is the
/// hash of the three. It is about a range that its parent has fixed before, so siblings are claims about the same inputs and
/// at most one of them is right. Without a rival it confirms when it is as old as the challenge period; with rivals, when the
/// dispute game says that it has collected as much time.
///
/// # Safety
/// - An assertion confirms only if its parent is confirmed and no sibling is, so the confirmed ones form one chain.
/// - Assumption: whenever a wrong assertion is made under a right one, somebody makes the right sibling early enough for the
///   game to be won (`T − C − (2L + 1)·δ`, see the security model). Nobody can step in afterwards.
/// - Assumption: the game lets only the right one of several siblings reach the challenge period.
/// - The balance covers every stake that can be withdrawn and every escrow that can be swept, now and later: each leaf of the
///   tree that is not confirmed holds the stake of exactly one staker, and of each family at most one branch gets it back.
///
/// # Liveness
/// - Anybody may assert, confirm and sweep. Nobody can pause, and there is no owner.
/// - An assertion that nobody contests confirms by itself, but for the transaction that says so.
/// - Assumption: the treasury accepts ether. If it does not, the swept escrow stays; nothing else is held up.
interface IStateCommitmentChain {
    /// @notice Parameters that are fixed at deployment.
    struct Parameters {
        /// @dev A contract.
        IRollupInbox inbox;
        /// @dev The dispute game, which is deployed later at a known address. Not zero.
        IBisectionGame game;
        /// @dev Receives the stakes of losers. Not zero.
        address payable treasury;
        /// @dev Root of the genesis state. Not zero.
        bytes32 genesisStateRoot;
        /// @dev T, in seconds. 1 minute to 60 days.
        uint64 challengePeriod;
        /// @dev Age in seconds that an assertion must have before it gets a child, unless it is an overflow. At most 1 day and at
        /// most T.
        uint64 minParentAge;
        /// @dev k: a history has 2^k leaves. 1 to 26.
        uint8 historyHeight;
        /// @dev In wei. 1 to 10,000 ether.
        uint256 stake;
    }

    /// @notice An assertion was made. With `genesis` it is all that a node needs to know its content.
    /// @param target Number of batches of its range.
    /// @param childTarget Number of batches of its children's range.
    event AssertionCreated(
        bytes32 indexed id,
        bytes32 indexed parent,
        address indexed staker,
        MachineState end,
        bytes32 historyRoot,
        uint64 target,
        uint64 childTarget
    );
    event AssertionConfirmed(bytes32 indexed id, bytes32 indexed parent);
    event StakeDeposited(address indexed staker, uint256 amount);
    event StakeWithdrawn(address indexed staker, address indexed recipient, uint256 amount);
    event EscrowSwept(bytes32 indexed parent, uint256 amount);
    event RefundPaid(bytes32 indexed parent, address indexed recipient, uint256 amount);

    error NotAContract(address account);
    error AssertionExists(bytes32 id);
    error AssertionUnknown(bytes32 id);
    error FamilyClosed(bytes32 parent);
    error TargetMismatch(uint64 actual, uint64 expected);
    error L1BlockMismatch(bytes32 actual, bytes32 expected);
    error RangeIncomplete(uint64 batches, uint64 target);
    error ParentTooYoung(uint256 now_, uint256 earliest);
    error StakeInUse(address staker, bytes32 latest);
    error StakeMismatch(uint256 actual, uint256 expected);
    error AlreadyConfirmed(bytes32 id);
    error ParentNotConfirmed(bytes32 parent);
    error SiblingConfirmed(bytes32 parent);
    error TimeTooShort(uint256 actual, uint256 challengePeriod);
    error NoStake(address staker);
    error NothingToSweep(bytes32 parent);
    error SweepTooEarly(uint256 now_, uint256 earliest);
    error NotGame(address caller);
    error RecipientZero();
    error TransferFailed(address recipient, uint256 amount);

    /// @notice Makes an assertion. The caller becomes its staker: it may hold one stake, which it pays with its first assertion
    /// and which moves along. It may assert under its latest assertion, or anywhere once that one has a child.
    ///
    /// `end` says how the range ended: at the target, with the cursor at the start of a batch: finished; before it: the range has
    /// more than 2^k steps, and children go on with the same target. An assertion is refused if its parent is younger than
    /// `minParentAge` (unless that is an overflow), once a child of the parent is confirmed, and once a first child has had the
    /// challenge period to itself.
    /// @param parent Id of the assertion whose end the range starts from.
    /// @param end Machine state at the end.
    /// @param historyRoot Root of the tree of the 2^k states after each step.
    /// @param lastLeafPath Siblings of the last leaf, from the leaf upwards, k of them: shows that it is the end state.
    /// @param expectedTarget The parent's child target as the caller knows it.
    /// @param l1BlockNumber One of the last 256 L1 blocks,
    /// @param l1BlockHash and its hash as the caller knows it: after a reorganisation of L1 the call is refused.
    /// @return id The assertion's id.
    function assertState(
        bytes32 parent,
        MachineState calldata end,
        bytes32 historyRoot,
        bytes32[] calldata lastLeafPath,
        uint64 expectedTarget,
        uint64 l1BlockNumber,
        bytes32 l1BlockHash
    ) external payable returns (bytes32 id);

    /// @notice Confirms an assertion, given by its content. Anybody may call.
    function confirm(bytes32 parent, bytes32 endStateHash, bytes32 historyRoot) external;

    /// @notice Pays the caller's stake back, once its latest assertion has a child or is confirmed.
    function withdrawStake(address payable recipient) external;

    /// @notice Pays for moves of the game about the children of `parent` out of the stakes of all of them but one, once one of
    /// them is confirmed. Only the game may call.
    /// @return paid `amount`, or what is left.
    function payRefund(bytes32 parent, address payable recipient, uint256 amount) external returns (uint256 paid);

    /// @notice Sends what is left of the stakes of all children of `parent` but one to the treasury, a challenge period after one of
    /// them was confirmed: that is the time in which moves can be claimed.
    function sweep(bytes32 parent) external;

    function isConfirmed(bytes32 id) external view returns (bool);
    /// @notice Id of the last assertion of the confirmed chain.
    function latestConfirmed() external view returns (bytes32);
    function genesis() external view returns (bytes32);
    /// @notice What is stored of an assertion; all zero if there is none.
    function assertionOf(bytes32 id) external view returns (Assertion memory);
    /// @notice What is stored of the stakes that the children of `parent` have lost; all zero if there is none.
    function escrowOf(bytes32 parent) external view returns (Escrow memory);
    /// @notice The latest assertion of a staker; zero if it has no stake.
    function latestOf(address staker) external view returns (bytes32);
    function parameters() external view returns (Parameters memory);
}
