// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IBridge} from "../interfaces/IBridge.sol";
import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {IStateCommitmentChain} from "../interfaces/IStateCommitmentChain.sol";
import {Inputs} from "../machine/Inputs.sol";
import {SlotCodec} from "../machine/SlotCodec.sol";
import {Slots, Withdrawal} from "../machine/Slots.sol";
import {Slot, State, StateTree} from "../machine/StateTree.sol";
import {AssertionTree} from "../rollup/AssertionTree.sol";

/// @title Bridge
/// @notice See {IBridge}, which is the specification.
contract Bridge is IBridge, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What a deposit or a withdrawal changes, one word:
    ///
    /// | bits | field        | meaning                               |
    /// | ---- | ------------ | ------------------------------------- |
    /// | 96   | accounted    | deposits less withdrawals             |
    /// | 32   | accountCount | number of the account opened last     |
    struct Totals {
        uint96 accounted;
        uint32 accountCount;
    }

    uint8 private constant _DECIMALS = 6;
    uint64 private constant _MAX_NUMBER = (1 << 56) - 1;
    uint128 private constant _MAX_AMOUNT = type(uint64).max;

    IERC20 private immutable _TOKEN;
    IRollupInbox private immutable _INBOX;
    IStateCommitmentChain private immutable _CHAIN;

    Totals private _totals;

    /// @inheritdoc IBridge
    mapping(uint32 account => address owner) public ownerOf;

    /// @dev Bit n of word w: withdrawal 256·w + n is paid.
    mapping(uint256 word => uint256 bits) private _finalized;

    /// @dev Zero: the claim is still the original recipient's.
    mapping(uint64 number => mapping(address original => address owner)) private _claimOwners;

    constructor(IERC20 token_, IRollupInbox inbox_, IStateCommitmentChain chain_) {
        _requireContract(address(token_));
        _requireContract(address(inbox_));
        _requireContract(address(chain_));
        uint8 decimals = IERC20Metadata(address(token_)).decimals();
        if (decimals != _DECIMALS) revert DecimalsMismatch(decimals, _DECIMALS);
        address chainInbox = address(chain_.parameters().inbox);
        if (chainInbox != address(inbox_)) revert InboxMismatch(chainInbox, address(inbox_));
        _TOKEN = token_;
        _INBOX = inbox_;
        _CHAIN = chain_;
    }

    /// @inheritdoc IBridge
    function open(address owner, uint128 amount) external nonReentrant returns (uint32 account) {
        return _open(owner, amount);
    }

    /// @inheritdoc IBridge
    function deposit(uint32 account, address owner, uint128 amount) external nonReentrant {
        _deposit(account, owner, amount);
    }

    /// @inheritdoc IBridge
    function openWithPermit(
        address owner,
        uint128 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint32 account) {
        _permit(amount, deadline, v, r, s);
        return _open(owner, amount);
    }

    /// @inheritdoc IBridge
    function depositWithPermit(
        uint32 account,
        address owner,
        uint128 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        _permit(amount, deadline, v, r, s);
        _deposit(account, owner, amount);
    }

    /// @inheritdoc IBridge
    function finalizeWithdrawal(
        uint64 number,
        AssertionProof calldata assertion,
        bytes calldata witness
    ) external nonReentrant {
        if (number > _MAX_NUMBER) revert WithdrawalNumberTooLarge(number, _MAX_NUMBER);
        uint256 word = _finalized[number >> 8];
        uint256 bit = 1 << (number & 0xff);
        // INVARIANT: a withdrawal is paid once, whatever state, path or recipient is shown.
        if (word & bit != 0) revert AlreadyFinalized(number);
        bytes32 id = AssertionTree.assertionId(assertion.parent, assertion.end.hash(), assertion.historyRoot);
        if (!_CHAIN.isConfirmed(id)) revert AssertionNotConfirmed(id);
        Withdrawal memory withdrawal = _openWithdrawal(assertion.end.stateRoot, number, witness);

        uint256 total = _totals.accounted;
        uint128 amount = withdrawal.amount;
        // INVARIANT: payments never exceed deposits, even if a wrong state were confirmed.
        if (amount > total) revert TotalTooSmall(total, amount);
        _finalized[number >> 8] = word | bit;
        // SAFETY: a difference of a uint96 and something not greater.
        _totals.accounted = uint96(total - amount);
        address recipient = claimOwnerOf(number, withdrawal.recipient);
        emit WithdrawalFinalized(number, withdrawal.recipient, recipient, withdrawal.account, amount);
        _TOKEN.safeTransfer(recipient, amount);
    }

    /// @inheritdoc IBridge
    function transferClaim(uint64 number, address original, address to) external nonReentrant {
        if (to == address(0)) revert AddressZero();
        if (number > _MAX_NUMBER) revert WithdrawalNumberTooLarge(number, _MAX_NUMBER);
        if (isFinalized(number)) revert AlreadyFinalized(number);
        address owner = claimOwnerOf(number, original);
        if (msg.sender != owner) revert NotClaimOwner(msg.sender, owner);
        _claimOwners[number][original] = to;
        emit ClaimTransferred(number, original, msg.sender, to);
    }

    /// @inheritdoc IBridge
    function token() external view returns (IERC20) {
        return _TOKEN;
    }

    /// @inheritdoc IBridge
    function inbox() external view returns (IRollupInbox) {
        return _INBOX;
    }

    /// @inheritdoc IBridge
    function chain() external view returns (IStateCommitmentChain) {
        return _CHAIN;
    }

    /// @inheritdoc IBridge
    function accounted() external view returns (uint256) {
        return _totals.accounted;
    }

    /// @inheritdoc IBridge
    function accountCount() external view returns (uint32) {
        return _totals.accountCount;
    }

    /// @inheritdoc IBridge
    function isFinalized(uint64 number) public view returns (bool) {
        return _finalized[number >> 8] & (1 << (number & 0xff)) != 0;
    }

    /// @inheritdoc IBridge
    function claimOwnerOf(uint64 number, address original) public view returns (address) {
        address owner = _claimOwners[number][original];
        return owner == address(0) ? original : owner;
    }

    function _open(address owner, uint128 amount) private returns (uint32 account) {
        if (owner == address(0)) revert AddressZero();
        Totals memory totals = _totals;
        account = ++totals.accountCount;
        ownerOf[account] = owner;
        emit AccountOpened(account, owner);
        _take(totals, account, owner, amount);
    }

    function _deposit(uint32 account, address owner, uint128 amount) private {
        address recorded = ownerOf[account];
        if (recorded == address(0)) revert AccountUnknown(account);
        // INVARIANT: a deposit never reaches an account of another owner than the depositor has named.
        if (owner != recorded) revert OwnerMismatch(account, owner, recorded);
        _take(_totals, account, owner, amount);
    }

    /// @dev Takes the tokens, writes the totals and sends the message that credits them.
    function _take(Totals memory totals, uint32 account, address owner, uint128 amount) private {
        if (amount == 0) revert AmountZero();
        // INVARIANT: whatever is taken, the machine credits: a larger deposit would be malformed there.
        if (amount > _MAX_AMOUNT) revert AmountTooLarge(amount, _MAX_AMOUNT);
        uint256 total = uint256(totals.accounted) + amount;
        if (total > type(uint96).max) revert TotalTooLarge(total, type(uint96).max);
        totals.accounted = uint96(total);
        _totals = totals;

        uint256 balance = _TOKEN.balanceOf(address(this));
        _TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        // INVARIANT: what is credited has arrived, to the unit. Saturates for a token whose balance fell.
        uint256 after_ = _TOKEN.balanceOf(address(this));
        uint256 received = after_ > balance ? after_ - balance : 0;
        if (received != amount) revert ReceivedMismatch(received, amount);

        uint64 index = _INBOX.enqueue(Inputs.KIND_DEPOSIT, abi.encodePacked(account, owner, amount));
        emit Deposited(account, msg.sender, amount, index);
    }

    /// @dev A permit can be taken from the mempool and used by anybody, which gives the same allowance: its failure is not an error,
    /// a missing allowance is.
    function _permit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        try IERC20Permit(address(_TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    /// @dev The withdrawal in a state's tree, opened by a witness that holds nothing else.
    function _openWithdrawal(
        bytes32 stateRoot,
        uint64 number,
        bytes calldata witness
    ) private pure returns (Withdrawal memory) {
        State memory state = StateTree.begin(stateRoot, witness);
        Slot memory slot = StateTree.open(state, Slots.withdrawalKey(number));
        StateTree.finish(state);
        if (!slot.exists) revert WithdrawalUnknown(number);
        return SlotCodec.decodeWithdrawal(StateTree.contentOf(slot));
    }

    function _requireContract(address account) private view {
        if (account.code.length == 0) revert NotAContract(account);
    }
}
