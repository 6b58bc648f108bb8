// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Positions} from "./Positions.sol";
import {Order} from "./Slots.sol";
import {Bid, Cancel, CancelAll, RevokeKey, SetKey, SetMode, Transfer, Wire, Withdraw} from "./Wire.sol";

/// @title TypedData
/// @notice EIP-712 digests of everything that users sign (docs/specification.md, section 3).
library TypedData {
    bytes32 private constant DOMAIN_TYPE_HASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant ORDER_TYPE_HASH = keccak256(
        "Order(uint32 account,uint8 market,uint16 expiryDay,uint64 strike,bool isPut,bool isSell,uint64 quantity,uint64 limitPrice,uint64 maxFee,uint64 nonce,uint64 deadline,bool fillOrKill,bool immediateOrCancel,bool postOnly,bool reduceOnly,bool forcible,uint8 keyIndex,uint32 keyEpoch)"
    );
    bytes32 private constant WITHDRAW_TYPE_HASH = keccak256(
        "Withdraw(uint32 account,uint64 amount,address recipient,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant TRANSFER_TYPE_HASH = keccak256(
        "Transfer(uint32 from,uint32 to,uint64 amount,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_KEY_TYPE_HASH = keccak256(
        "SetKey(uint32 account,uint8 index,address key,uint8 scope,uint64 expiry,uint64 budget,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant REVOKE_KEY_TYPE_HASH = keccak256(
        "RevokeKey(uint32 account,uint8 index,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant CANCEL_TYPE_HASH = keccak256("Cancel(uint32 account,uint64 nonce,uint64 deadline)");
    bytes32 private constant CANCEL_ALL_TYPE_HASH = keccak256("CancelAll(uint32 account,uint64 floor,uint64 deadline)");
    bytes32 private constant SET_MODE_TYPE_HASH = keccak256(
        "SetMode(uint32 account,uint8 mode,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant BID_TYPE_HASH = keccak256(
        "Bid(uint32 account,uint32 bidder,uint32 fraction,uint64 limit,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant ORACLE_REPORT_TYPE_HASH = keccak256(
        "OracleReport(uint8 market,uint64 time,uint64 spot,bytes curves)"
    );

    /// @notice The domain separator of one deployment: name "Tenor", version "1".
    function domainSeparator(uint256 chainId, address verifyingContract) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE_HASH, keccak256("Tenor"), keccak256("1"), chainId, verifyingContract));
    }

    /// @notice Digest of the terms of `order` for `account`, the key and its epoch among them, so that whoever fills cannot choose
    /// another key or a later epoch. What was filled and accrued is not part of it.
    function orderDigest(bytes32 domain, uint32 account, Order memory order) internal pure returns (bytes32) {
        uint24 expiry = Positions.expiryOf(order.series);
        uint256[19] memory words;
        words[0] = uint256(ORDER_TYPE_HASH);
        words[1] = account;
        words[2] = Positions.marketOf(expiry);
        words[3] = Positions.dayOf(expiry);
        words[4] = Positions.strikeOf(order.series);
        words[5] = _flag(Positions.isPut(order.series));
        words[6] = _flag(order.flags & Wire.FLAG_SELL != 0);
        words[7] = order.quantity;
        words[8] = order.limitPrice;
        words[9] = order.maxFee;
        words[10] = order.nonce;
        words[11] = order.deadline;
        words[12] = _flag(order.flags & Wire.FLAG_FILL_OR_KILL != 0);
        words[13] = _flag(order.flags & Wire.FLAG_IMMEDIATE_OR_CANCEL != 0);
        words[14] = _flag(order.flags & Wire.FLAG_POST_ONLY != 0);
        words[15] = _flag(order.flags & Wire.FLAG_REDUCE_ONLY != 0);
        words[16] = _flag(order.flags & Wire.FLAG_FORCIBLE != 0);
        words[17] = order.keyIndex;
        words[18] = order.keyEpoch;
        bytes32 structHash;
        assembly ("memory-safe") {
            structHash := keccak256(words, 608)
        }
        return digest(domain, structHash);
    }

    function withdrawDigest(
        bytes32 domain,
        Withdraw memory transaction,
        address recipient
    ) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        WITHDRAW_TYPE_HASH,
                        transaction.account,
                        transaction.amount,
                        recipient,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    function transferDigest(bytes32 domain, Transfer memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        TRANSFER_TYPE_HASH,
                        transaction.from,
                        transaction.to,
                        transaction.amount,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    function setKeyDigest(bytes32 domain, SetKey memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        SET_KEY_TYPE_HASH,
                        transaction.account,
                        transaction.index,
                        transaction.signer,
                        transaction.scope,
                        transaction.expiry,
                        transaction.budget,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    function revokeKeyDigest(bytes32 domain, RevokeKey memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        REVOKE_KEY_TYPE_HASH,
                        transaction.account,
                        transaction.index,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    function cancelDigest(bytes32 domain, Cancel memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(CANCEL_TYPE_HASH, transaction.account, transaction.nonce, transaction.auth.deadline)
                )
            );
    }

    function cancelAllDigest(bytes32 domain, CancelAll memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(CANCEL_ALL_TYPE_HASH, transaction.account, transaction.floor, transaction.auth.deadline)
                )
            );
    }

    function setModeDigest(bytes32 domain, SetMode memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        SET_MODE_TYPE_HASH,
                        transaction.account,
                        transaction.mode,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    function bidDigest(bytes32 domain, Bid memory transaction) internal pure returns (bytes32) {
        return
            digest(
                domain,
                keccak256(
                    abi.encode(
                        BID_TYPE_HASH,
                        transaction.account,
                        transaction.bidder,
                        transaction.fraction,
                        transaction.limit,
                        transaction.auth.nonce,
                        transaction.auth.deadline
                    )
                )
            );
    }

    /// @param curvesHash keccak256 of the packed curves, as EIP-712 has it of a `bytes` field.
    function oracleReportDigest(
        bytes32 domain,
        uint8 market,
        uint40 time,
        uint64 spot,
        bytes32 curvesHash
    ) internal pure returns (bytes32) {
        return digest(domain, keccak256(abi.encode(ORACLE_REPORT_TYPE_HASH, market, time, spot, curvesHash)));
    }

    /// @notice keccak256(0x19 ‖ 0x01 ‖ domain separator ‖ struct hash).
    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32 hash) {
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(preimage, shl(240, 0x1901))
            mstore(add(preimage, 2), domain)
            mstore(add(preimage, 34), structHash)
            hash := keccak256(preimage, 66)
        }
    }

    function _flag(bool set) private pure returns (uint256) {
        return set ? 1 : 0;
    }
}
