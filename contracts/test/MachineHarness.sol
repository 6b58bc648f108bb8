// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Assessment, Peeks} from "../machine/Assessment.sol";
import {Fees} from "../machine/Fees.sol";
import {Framing} from "../machine/Framing.sol";
import {OracleReport, OracleReports} from "../machine/OracleReports.sol";
import {Positions} from "../machine/Positions.sol";
import {Signature, Signatures} from "../machine/Signatures.sol";
import {SlotCodec} from "../machine/SlotCodec.sol";
import {Account, Expiry, Globals, Key, Market, Order, Signers, Slots, Withdrawal} from "../machine/Slots.sol";
import {Slot, State, StateTree} from "../machine/StateTree.sol";
import {TypedData} from "../machine/TypedData.sol";
import {Reader, Varint} from "../machine/Varint.sol";
import {
    Bid,
    Cancel,
    CancelAll,
    Fill,
    FundBid,
    RevokeKey,
    SetKey,
    SetMode,
    Transfer,
    Wire,
    Withdraw
} from "../machine/Wire.sol";

/// @title MachineHarness
/// @notice The machine's libraries as external functions, for tests.
contract MachineHarness {
    /// @dev What a tree operation does with a slot that it opened.
    enum Change {
        Peek,
        Write,
        Remove
    }

    struct Operation {
        uint64 key;
        Change change;
        bytes content;
    }

    error FalseVerdict(uint256 gasLimit, address actual, address expected);
    error UnexpectedError(uint256 gasLimit, bytes revertData);

    // Tree

    /// @notice Opens each key and changes it, with the witness items one behind the other.
    function runTree(
        bytes32 root,
        bytes calldata witness,
        Operation[] calldata operations
    ) external pure returns (bytes32, bool[] memory found, bytes[] memory contents) {
        State memory state = StateTree.begin(root, witness);
        found = new bool[](operations.length);
        contents = new bytes[](operations.length);
        for (uint256 i; i < operations.length; ++i) {
            Slot memory slot = StateTree.open(state, operations[i].key);
            found[i] = slot.exists;
            if (slot.exists) contents[i] = StateTree.contentOf(slot);
            if (operations[i].change == Change.Write) StateTree.write(state, slot, operations[i].content);
            if (operations[i].change == Change.Remove) StateTree.remove(state, slot);
        }
        StateTree.finish(state);
        return (state.root, found, contents);
    }

    /// @notice Opens a key twice, and changes it through both handles.
    function writeTwice(bytes32 root, bytes calldata witness, uint64 key, bytes calldata content) external pure {
        State memory state = StateTree.begin(root, witness);
        Slot memory first = StateTree.open(state, key);
        Slot memory second = StateTree.open(state, key);
        StateTree.write(state, first, content);
        StateTree.write(state, second, content);
    }

    // Wire format

    /// @notice Reads one varint and demands that nothing is left.
    function varint(bytes calldata data, uint256 maximum) external pure returns (bool valid, uint256 value) {
        Reader memory r = Varint.reader(data);
        value = Varint.varint(r, maximum);
        valid = Varint.finished(r);
    }

    function frameAt(
        bytes calldata data,
        uint256 base,
        uint256 offset,
        uint256 length
    ) external pure returns (bool valid, uint256 start, uint256 end, bool available) {
        return Framing.frameAt(data, base, offset, length);
    }

    function decodeFill(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) external pure returns (bool valid, Fill memory transaction) {
        return Wire.decodeFill(item, timeBase, forced);
    }

    function decodeSetMode(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) external pure returns (bool valid, SetMode memory transaction) {
        return Wire.decodeSetMode(item, timeBase, forced);
    }

    function decodeAuction(bytes calldata item) external pure returns (bool valid, uint32 account) {
        return Wire.decodeAuction(item);
    }

    function decodeBid(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) external pure returns (bool valid, Bid memory transaction) {
        return Wire.decodeBid(item, timeBase, forced);
    }

    function decodeFundBid(bytes calldata item) external pure returns (bool valid, FundBid memory transaction) {
        return Wire.decodeFundBid(item);
    }

    function decodeCollectFund(bytes calldata item) external pure returns (bool valid, uint8 fund) {
        return Wire.decodeCollectFund(item);
    }

    function decodeOracleReport(
        bytes calldata item
    ) external pure returns (bool valid, OracleReport memory transaction) {
        return OracleReports.decode(item);
    }

    // Digests and signatures

    function domainSeparator(uint256 chainId, address verifyingContract) external pure returns (bytes32) {
        return TypedData.domainSeparator(chainId, verifyingContract);
    }

    function orderDigest(bytes32 domain, uint32 account, Order memory order) external pure returns (bytes32) {
        return TypedData.orderDigest(domain, account, order);
    }

    function withdrawDigest(
        bytes32 domain,
        Withdraw memory transaction,
        address recipient
    ) external pure returns (bytes32) {
        return TypedData.withdrawDigest(domain, transaction, recipient);
    }

    function transferDigest(bytes32 domain, Transfer memory transaction) external pure returns (bytes32) {
        return TypedData.transferDigest(domain, transaction);
    }

    function setKeyDigest(bytes32 domain, SetKey memory transaction) external pure returns (bytes32) {
        return TypedData.setKeyDigest(domain, transaction);
    }

    function revokeKeyDigest(bytes32 domain, RevokeKey memory transaction) external pure returns (bytes32) {
        return TypedData.revokeKeyDigest(domain, transaction);
    }

    function cancelDigest(bytes32 domain, Cancel memory transaction) external pure returns (bytes32) {
        return TypedData.cancelDigest(domain, transaction);
    }

    function cancelAllDigest(bytes32 domain, CancelAll memory transaction) external pure returns (bytes32) {
        return TypedData.cancelAllDigest(domain, transaction);
    }

    function setModeDigest(bytes32 domain, SetMode memory transaction) external pure returns (bytes32) {
        return TypedData.setModeDigest(domain, transaction);
    }

    function bidDigest(bytes32 domain, Bid memory transaction) external pure returns (bytes32) {
        return TypedData.bidDigest(domain, transaction);
    }

    function oracleReportDigest(
        bytes32 domain,
        uint8 market,
        uint40 time,
        uint64 spot,
        bytes32 curvesHash
    ) external pure returns (bytes32) {
        return TypedData.oracleReportDigest(domain, market, time, spot, curvesHash);
    }

    function recover(bytes32 digest, Signature memory signature) external view returns (address) {
        return Signatures.recover(digest, signature);
    }

    /// @notice Runs {recover} with every amount of gas from `low` to `high` in steps of `stride`, and demands that each call gives
    /// `signer` or reverts.
    /// @return recovered Calls that gave the signer.
    /// @return starved Calls that reverted with Starved.
    /// @return bare Calls that reverted without an error, for lack of gas outside the precompile.
    function recoverStarved(
        bytes32 digest,
        Signature calldata signature,
        address signer,
        uint256 low,
        uint256 high,
        uint256 stride
    ) external view returns (uint256 recovered, uint256 starved, uint256 bare) {
        for (uint256 limit = low; limit <= high; limit += stride) {
            try this.recover{gas: limit}(digest, signature) returns (address actual) {
                if (actual != signer) revert FalseVerdict(limit, actual, signer);
                ++recovered;
            } catch (bytes memory revertData) {
                if (revertData.length == 0) ++bare;
                else if (bytes4(revertData) == Signatures.Starved.selector) ++starved;
                else revert UnexpectedError(limit, revertData);
            }
        }
    }

    // Slots: content to fields and back

    function accountRoundTrip(bytes calldata content) external pure returns (Account memory account, bytes memory) {
        account = SlotCodec.decodeAccount(content);
        return (account, SlotCodec.encodeAccount(account));
    }

    function orderRoundTrip(bytes calldata content) external pure returns (Order memory order, bytes memory) {
        order = SlotCodec.decodeOrder(content);
        return (order, SlotCodec.encodeOrder(order));
    }

    function keyRoundTrip(bytes calldata content) external pure returns (Key memory key, bytes memory) {
        key = SlotCodec.decodeKey(content);
        return (key, SlotCodec.encodeKey(key));
    }

    function marketRoundTrip(bytes calldata content) external pure returns (Market memory market, bytes memory) {
        market = SlotCodec.decodeMarket(content);
        return (market, SlotCodec.encodeMarket(market));
    }

    function expiryRoundTrip(bytes calldata content) external pure returns (Expiry memory expiry, bytes memory) {
        expiry = SlotCodec.decodeExpiry(content);
        return (expiry, SlotCodec.encodeExpiry(expiry));
    }

    function claimRoundTrip(bytes calldata content) external pure returns (uint128 amount, bytes memory) {
        amount = SlotCodec.decodeClaim(content);
        return (amount, SlotCodec.encodeClaim(amount));
    }

    function withdrawalRoundTrip(
        bytes calldata content
    ) external pure returns (Withdrawal memory withdrawal, bytes memory) {
        withdrawal = SlotCodec.decodeWithdrawal(content);
        return (withdrawal, SlotCodec.encodeWithdrawal(withdrawal));
    }

    function globalsRoundTrip(bytes calldata content) external pure returns (Globals memory globals, bytes memory) {
        globals = SlotCodec.decodeGlobals(content);
        return (globals, SlotCodec.encodeGlobals(globals));
    }

    function signersRoundTrip(bytes calldata content) external pure returns (Signers memory signers, bytes memory) {
        signers = SlotCodec.decodeSigners(content);
        return (signers, SlotCodec.encodeSigners(signers));
    }

    function keys(
        uint32 account,
        uint64 nonce,
        uint8 index,
        uint24 expiry,
        uint64 number
    ) external pure returns (uint64[9] memory) {
        return
            [
                Slots.accountKey(account),
                Slots.orderKey(account, nonce),
                Slots.keyKey(account, index),
                Slots.marketKey(index),
                Slots.expiryKey(expiry),
                Slots.claimKey(expiry, account),
                Slots.withdrawalKey(number),
                Slots.globalsKey(),
                Slots.signersKey()
            ];
    }

    // Positions and amounts

    function withQuantity(
        uint256[] memory positions,
        uint64 series,
        int256 quantity
    ) external pure returns (int256 held, uint256[] memory result, uint256[] memory original) {
        uint256 index;
        (index, held) = Positions.find(positions, series);
        result = Positions.withQuantity(positions, series, index, held, quantity);
        original = positions;
    }

    function positionFacts(
        uint256[] memory positions,
        uint24 expiry
    ) external pure returns (uint256 expiries, bool holdsShort) {
        return (Positions.countExpiries(positions), Positions.holdsShort(positions, expiry));
    }

    function payoff(uint64 series, uint256 price) external pure returns (uint256) {
        return Positions.payoff(series, price);
    }

    /// @param marketIds Markets, with their anchors; those of others are zero.
    function requirementUp(
        uint256[] memory positions,
        uint8[] calldata marketIds,
        uint64[] calldata anchorPrices
    ) external view returns (uint256 total, uint256 gasUsed) {
        Peeks memory peeks;
        for (uint256 i; i < positions.length; ++i) {
            Market memory unknown;
            Assessment.rememberMarket(peeks, uint8(positions[i] >> 248), unknown);
        }
        for (uint256 i; i < marketIds.length; ++i) {
            Market memory market;
            market.anchor = anchorPrices[i];
            Assessment.rememberMarket(peeks, marketIds[i], market);
        }
        gasUsed = gasleft();
        total = Assessment.collateralisedUp(peeks, positions);
        gasUsed -= gasleft();
    }

    function fees(
        uint256 accrued,
        uint256 rate,
        uint256 anchor,
        uint256 price,
        uint256 quantity
    ) external pure returns (uint256 afterwards, uint256 fee, uint256 premium) {
        afterwards = Fees.accrue(accrued, rate, anchor, price, quantity);
        fee = Fees.feeUp(accrued, afterwards);
        premium = Fees.premium(price, quantity);
    }

    function adverseUp(
        bool sells,
        uint256 price,
        uint256 quantity,
        uint256 fair,
        uint256 drift
    ) external pure returns (uint256) {
        return Fees.adverseUp(sells, price, quantity, fair, drift);
    }

    function lossBoundUp(bool sells, uint256 price, uint256 quantity, uint256 most) external pure returns (uint256) {
        return Fees.lossBoundUp(sells, price, quantity, most);
    }
}
