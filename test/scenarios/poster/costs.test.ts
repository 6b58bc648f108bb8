import { expect } from "chai";
import { LocalSigner } from "../../../src/l1/TransactionSigner.ts";
import { PosterClient } from "../../../src/l1/PosterClient.ts";
import { blobUsage, calldataUsage, cancelUsage, FLOOR_TODAY, gasLimitOf } from "../../../src/poster/Costs.ts";
import type { PostRequest } from "../../../src/poster/PosterL1.ts";
import { POSTER_KEY } from "../../support/poster/keys.ts";
import { PosterScene } from "../../support/poster/PosterScene.ts";
import { Random } from "../../support/random.ts";

const GWEI = 10n ** 9n;
const OFFER = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI, maxFeePerBlobGas: GWEI };

describe("the poster's reckoning of gas", () => {
  let scene: PosterScene;
  let l1: PosterClient;
  let nonce = 0;

  before(async () => {
    scene = await PosterScene.launch("simulator");
    await scene.reset();
    const { inbox } = scene.deployment.addresses;
    l1 = new PosterClient(scene.client(), {
      chainId: scene.deployment.chainId,
      inbox,
      signer: new LocalSigner(POSTER_KEY),
    });
  });

  after(async () => {
    await scene.stop();
  });

  /** Has a transaction mined, and compares what it used with what was reckoned. */
  async function expectGas(
    request: Pick<PostRequest, "kind" | "batch">,
    usage: ReturnType<typeof blobUsage>,
  ): Promise<void> {
    const offer = request.kind === "blob" ? OFFER : { ...OFFER, maxFeePerBlobGas: 0n };
    const { hash, raw } = await l1.sign({ ...request, nonce: nonce++, gasLimit: gasLimitOf(usage) }, offer);
    expect(await l1.send(raw)).to.equal("accepted");
    const receipt = (await l1.receipt(hash))!;
    expect(receipt.succeeded).to.equal(true);
    expect(receipt.blobGasUsed).to.equal(usage.blobGas);
    const [reckoned, used] = [Number(usage.gas), Number(receipt.gasUsed)];
    expect(Math.abs(reckoned - used), `${reckoned} reckoned, ${used} used`).to.be.lessThan(20_000 + 0.05 * used);
  }

  for (const [length, zeros] of [
    [0, 0],
    [300, 0.2],
    [5_000, 0.2],
    [40_000, 0.9],
    [90_000, 0.1],
  ] as const) {
    it(`is near what the inbox uses for ${length} bytes, a share of ${zeros} of them zero`, async () => {
      const random = new Random(length);
      const payload = Uint8Array.from({ length }, () => (random.chance(zeros) ? 0 : random.integer(1, 255)));
      const call = { messagesRead: 0n, l2Time: await scene.l1.now(), payload };
      const batch = { index: BigInt(nonce), ...call };
      await expectGas({ kind: "calldata", batch }, calldataUsage(payload, FLOOR_TODAY));
      if (length === 0) return;
      await expectGas({ kind: "blob", batch: { ...batch, index: BigInt(nonce) } }, blobUsage(length));
    });
  }

  it("is what a transaction to oneself uses", async () => {
    for (const kind of ["calldata", "blob"] as const) await expectGas({ kind, batch: undefined }, cancelUsage(kind));
  });
});
