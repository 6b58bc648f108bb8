import { expect } from "chai";
import { JsonRpcApiProvider, type JsonRpcPayload, type JsonRpcResult } from "ethers";
import { marketFees } from "../../../src/l1/fees.ts";

const GWEI = 10n ** 9n;

/** An endpoint that says what it was made to say of the fees. */
class Endpoint extends JsonRpcApiProvider {
  readonly #answers: Readonly<Record<string, unknown>>;

  constructor(base: bigint, next: bigint, tip: bigint) {
    super(31_337, { batchMaxCount: 1, cacheTimeout: -1 });
    const hex = (value: bigint): string => `0x${value.toString(16)}`;
    const block = { number: "0x1", hash: `0x${"11".repeat(32)}`, parentHash: `0x${"22".repeat(32)}`, timestamp: "0x1" };
    const rest = { gasLimit: "0x1", gasUsed: "0x0", miner: `0x${"33".repeat(20)}`, extraData: "0x", difficulty: "0x0" };
    this.#answers = {
      eth_chainId: "0x7a69",
      eth_blockNumber: "0x1",
      eth_gasPrice: hex(base + tip),
      eth_maxPriorityFeePerGas: hex(tip),
      eth_getBlockByNumber: {
        ...block,
        ...rest,
        nonce: "0x0000000000000000",
        baseFeePerGas: hex(base),
        transactions: [],
      },
      eth_feeHistory: { oldestBlock: "0x1", baseFeePerGas: [hex(base), hex(next)], gasUsedRatio: [1] },
    };
    this._start();
  }

  override _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const list = Array.isArray(payload) ? payload : [payload];
    return Promise.resolve(list.map(({ id, method }) => ({ id, result: this.#answers[method] })));
  }
}

describe("what a transaction offers", () => {
  async function offered(base: bigint, next: bigint, tip: bigint): ReturnType<typeof marketFees> {
    const endpoint = new Endpoint(base * GWEI, next * GWEI, tip * GWEI);
    try {
      return await marketFees(endpoint);
    } finally {
      endpoint.destroy();
    }
  }

  it("leaves room for twice the base fee of the next block, and takes the tip that the endpoint suggests", async () => {
    expect(await offered(8n, 9n, 2n)).to.deep.equal({ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 2n * GWEI });
  });

  it("believes no tip above 5 gwei", async () => {
    expect(await offered(8n, 9n, 900n)).to.deep.equal({ maxFeePerGas: 23n * GWEI, maxPriorityFeePerGas: 5n * GWEI });
  });
});
