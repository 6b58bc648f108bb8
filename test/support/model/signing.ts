import { AbiCoder, id, keccak256, TypedDataEncoder, type TypedDataField } from "ethers";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import type { CurveRecord } from "./MarginModel.ts";

/** What users and oracles sign, by an implementation of EIP-712 that the project did not write. */

/** The domain of one deployment. */
export interface SigningDomain {
  readonly chainId: bigint;
  readonly inbox: string;
}

const field = (list: string): TypedDataField[] =>
  list.split(",").map((entry) => {
    const [type, name] = entry.split(" ") as [string, string];
    return { type, name };
  });

const SIGNED_TYPES: Readonly<Record<string, TypedDataField[]>> = {
  Order: field(
    "uint32 account,uint8 market,uint16 expiryDay,uint64 strike,bool isPut,bool isSell,uint64 quantity,uint64 limitPrice,uint64 maxFee,uint64 nonce,uint64 deadline,bool fillOrKill,bool immediateOrCancel,bool postOnly,bool reduceOnly,bool forcible,uint8 keyIndex,uint32 keyEpoch",
  ),
  Withdraw: field("uint32 account,uint64 amount,address recipient,uint64 nonce,uint64 deadline"),
  Transfer: field("uint32 from,uint32 to,uint64 amount,uint64 nonce,uint64 deadline"),
  SetKey: field(
    "uint32 account,uint8 index,address key,uint8 scope,uint64 expiry,uint64 budget,uint64 nonce,uint64 deadline",
  ),
  RevokeKey: field("uint32 account,uint8 index,uint64 nonce,uint64 deadline"),
  Cancel: field("uint32 account,uint64 nonce,uint64 deadline"),
  CancelAll: field("uint32 account,uint64 floor,uint64 deadline"),
  SetMode: field("uint32 account,uint8 mode,uint64 nonce,uint64 deadline"),
  Bid: field("uint32 account,uint32 bidder,uint32 fraction,uint64 limit,uint64 nonce,uint64 deadline"),
  OracleReport: field("uint8 market,uint64 time,uint64 spot,bytes curves"),
};

const digests = new Map<string, Uint8Array>();
const domainHashes = new Map<string, string>();
const encoders = new Map<string, TypedDataEncoder>();

function domainHash({ chainId, inbox }: SigningDomain): string {
  const name = `${chainId} ${inbox}`;
  let hash = domainHashes.get(name);
  if (hash === undefined) {
    const fields = { name: "Tenor", version: "1", chainId, verifyingContract: inbox };
    domainHashes.set(name, (hash = TypedDataEncoder.hashDomain(fields)));
  }
  return hash;
}

const digestOf = (domain: SigningDomain, struct: string): Uint8Array =>
  fromHex(keccak256(`0x1901${domainHash(domain).slice(2)}${struct.slice(2)}`));

/** The EIP-712 digest of `value`. */
export function signedDigest(domain: SigningDomain, type: string, value: Record<string, unknown>): Uint8Array {
  const known = `${domain.chainId} ${domain.inbox} ${type} ${Object.entries(value).join()}`;
  const digest = digests.get(known);
  if (digest !== undefined) return digest;
  let encoder = encoders.get(type);
  if (encoder === undefined) encoders.set(type, (encoder = TypedDataEncoder.from({ [type]: SIGNED_TYPES[type]! })));
  const fresh = digestOf(domain, encoder.hash(value));
  if (digests.size > 10_000) digests.clear();
  digests.set(known, fresh);
  return fresh;
}

/** What a report says of one expiry. */
export interface CurveWords {
  readonly day: number;
  readonly forward: bigint;
  readonly curve: CurveRecord;
}

/** The curves of a report as they are signed, in hex: 54 bytes each. */
export function packedCurves(curves: readonly CurveWords[]): string {
  const word = (value: bigint | number, bytes: number): string =>
    BigInt.asUintN(8 * bytes, BigInt(value))
      .toString(16)
      .padStart(2 * bytes, "0");
  const one = ({ day, forward, curve: { a, b, rho, m, sigma, refTau } }: CurveWords): string =>
    word(day, 2) + word(forward, 8) + [a, b, rho, m, sigma].map((value) => word(value, 8)).join("") + word(refTau, 4);
  return `0x${curves.map(one).join("")}`;
}

/** What the signers of a report sign. */
export function reportDigest(
  domain: SigningDomain,
  { market, time, spot, curves }: { market: number; time: bigint; spot: bigint; curves: readonly CurveWords[] },
): Uint8Array {
  return signedDigest(domain, "OracleReport", { market, time, spot, curves: packedCurves(curves) });
}

/** The same of a report of whose curves only the hash is known. */
export function hashedReportDigest(
  domain: SigningDomain,
  { market, time, spot, curvesHash }: { market: number; time: bigint; spot: bigint; curvesHash: Uint8Array },
): Uint8Array {
  const words = [id("OracleReport(uint8 market,uint64 time,uint64 spot,bytes curves)"), market, time, spot];
  const types = ["bytes32", "uint8", "uint64", "uint64", "bytes32"];
  return digestOf(domain, keccak256(AbiCoder.defaultAbiCoder().encode(types, [...words, toHex(curvesHash)])));
}
