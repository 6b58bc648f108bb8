import { addressOf, sign } from "../crypto/secp256k1.ts";
import { reportDigest, type Report } from "../machine/OracleReports.ts";

/** One member's word for a report. */
export interface MemberSignature {
  /** 20 bytes. */
  readonly signer: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** One member of the oracle: says with its key that a report is what it sees. */
export class ReportSigner {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly #domain: Uint8Array;
  readonly #privateKey: Uint8Array;

  /** @param domain The EIP-712 domain separator of the deployment. */
  constructor(domain: Uint8Array, privateKey: Uint8Array) {
    this.#domain = domain;
    this.#privateKey = privateKey;
    this.address = addressOf(privateKey);
  }

  /** Signs a report. */
  sign(report: Report): MemberSignature {
    return { signer: this.address, signature: sign(reportDigest(this.#domain, report), this.#privateKey) };
  }
}
