// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Framing} from "../machine/Framing.sol";
import {OracleReport, OracleReports} from "../machine/OracleReports.sol";
import {Signature, Signatures} from "../machine/Signatures.sol";
import {SlotCodec} from "../machine/SlotCodec.sol";
import {Account, Expiry, Globals, Key, Market, Order, Signers, Slots, Withdrawal} from "../machine/Slots.sol";
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
/// @notice The machine's encodings, digests and signatures as external functions, for tests.
contract MachineHarness {
    error FalseVerdict(uint256 gasLimit, address actual, address expected);
    error UnexpectedError(uint256 gasLimit, bytes revertData);

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
}
