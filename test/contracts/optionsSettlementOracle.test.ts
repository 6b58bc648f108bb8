import { expect } from "chai";
import { concat, getAddress, toBeHex, type ContractTransactionResponse } from "ethers";
import { createL1, deploySettlement, ORACLE_ERRORS } from "../support/settlementScene.ts";

const KIND_SET_SIGNERS = 6n;
const KIND_SET_MARKET = 7n;
const MAX_PRICE = 2n ** 39n - 1n;

/** The address number `i`. */
const signer = (i: number): string => getAddress(toBeHex(BigInt(i) << 100n, 20));
const signers = (count: number): string[] => Array.from({ length: count }, (_, i) => signer(i + 1));

/** Terms of market 1: least vol 5 %, largest 300 %, floor of the band 5 USD, exposure up to 20 times the fund. */
const TERMS = [1, 50_000, 3_000_000, 50_000n, 20] as const;
type Terms = [market: number, minVol: number, maxVol: number, bandFloor: bigint, exposureMultiple: number];
type Scene = Awaited<ReturnType<typeof deploySettlement>>;

/** One way to break a valid call, and the error that must come of it. */
interface Mutation {
  readonly error: string;
  readonly name: string;
  readonly args: readonly unknown[] | ((scene: Scene) => readonly unknown[]);
  readonly act: (scene: Scene) => Promise<ContractTransactionResponse>;
}

function setMarket(scene: Scene, change: Partial<Record<0 | 1 | 2 | 3 | 4, number | bigint>>) {
  const [market, minVol, maxVol, bandFloor, exposureMultiple] = Object.assign([...TERMS], change) as Terms;
  return scene.byOwner.setMarket(market, minVol, maxVol, bandFloor, exposureMultiple);
}

const strangers = ({ anyone, timelock }: Scene): readonly unknown[] => [anyone.address, timelock.address];

const MUTATIONS: readonly Mutation[] = [
  {
    error: "NotOwner",
    name: "anyone names signers",
    args: strangers,
    act: (s) => s.settlement.setSigners(1, signers(1)),
  },
  { error: "SignerCountInvalid", name: "no signer", args: [0, 16], act: (s) => s.byOwner.setSigners(1, []) },
  { error: "SignerCountInvalid", name: "17 signers", args: [17, 16], act: (s) => s.byOwner.setSigners(1, signers(17)) },
  { error: "ThresholdInvalid", name: "threshold 0", args: [0, 3], act: (s) => s.byOwner.setSigners(0, signers(3)) },
  {
    error: "ThresholdInvalid",
    name: "threshold 4 of 3",
    args: [4, 3],
    act: (s) => s.byOwner.setSigners(4, signers(3)),
  },
  {
    error: "SignerInvalid",
    name: "the zero address",
    args: [1, signer(0)],
    act: (s) => s.byOwner.setSigners(2, [signer(1), signer(0), signer(2)]),
  },
  {
    error: "SignerInvalid",
    name: "an address twice",
    args: [2, signer(1)],
    act: (s) => s.byOwner.setSigners(2, [signer(1), signer(2), signer(1)]),
  },
  { error: "NotOwner", name: "anyone sets a market", args: strangers, act: (s) => s.settlement.setMarket(...TERMS) },
  { error: "MarketUnknown", name: "a market that is not listed", args: [2], act: (s) => setMarket(s, { 0: 2 }) },
  {
    error: "VolBoundsInvalid",
    name: "least vol below 1 %",
    args: [9_999, 3_000_000, 10_000, 10_000_000],
    act: (s) => setMarket(s, { 1: 9_999 }),
  },
  {
    error: "VolBoundsInvalid",
    name: "largest vol above 1000 %",
    args: [50_000, 10_000_001, 10_000, 10_000_000],
    act: (s) => setMarket(s, { 2: 10_000_001 }),
  },
  {
    error: "VolBoundsInvalid",
    name: "least vol above the largest",
    args: [50_000, 49_999, 10_000, 10_000_000],
    act: (s) => setMarket(s, { 2: 49_999 }),
  },
  { error: "BandFloorInvalid", name: "floor 0", args: [0, MAX_PRICE], act: (s) => setMarket(s, { 3: 0n }) },
  {
    error: "BandFloorInvalid",
    name: "floor above the highest price",
    args: [MAX_PRICE + 1n, MAX_PRICE],
    act: (s) => setMarket(s, { 3: MAX_PRICE + 1n }),
  },
  {
    error: "ExposureMultipleInvalid",
    name: "exposure above 1000 times the fund",
    args: [1001, 1000],
    act: (s) => setMarket(s, { 4: 1001 }),
  },
];

describe("OptionsSettlement: signers and parameters of marks", () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await deploySettlement(await createL1());
  });

  it("enqueues the signers and says so", async () => {
    for (const [threshold, count] of [
      [1, 1],
      [2, 3],
      [16, 16],
    ] as const) {
      const message = await scene.harness.count();
      const sent = scene.byOwner.setSigners(threshold, signers(count));
      await expect(sent).to.emit(scene.settlement, "SignersSet").withArgs(threshold, signers(count), message);
      const payload = concat([toBeHex(threshold, 1), ...signers(count)]);
      await expect(sent)
        .to.emit(scene.harness, "Enqueued")
        .withArgs(await scene.settlement.getAddress(), KIND_SET_SIGNERS, payload);
    }
  });

  it("enqueues a market's parameters, at their bounds too, and says so", async () => {
    for (const terms of [TERMS, [1, 10_000, 10_000_000, MAX_PRICE, 1000], [1, 10_000, 10_000, 1n, 0]] as Terms[]) {
      const message = await scene.harness.count();
      const sent = scene.byOwner.setMarket(...terms);
      await expect(sent)
        .to.emit(scene.settlement, "MarketSet")
        .withArgs(...terms, message);
      const payload = concat(terms.map((value, i) => toBeHex(value, [1, 4, 4, 8, 4][i])));
      await expect(sent)
        .to.emit(scene.harness, "Enqueued")
        .withArgs(await scene.settlement.getAddress(), KIND_SET_MARKET, payload);
    }
  });

  it("meets every error that the two functions declare", () => {
    expect(MUTATIONS.map(({ error }) => error)).to.include.members([...ORACLE_ERRORS]);
  });

  for (const { error, name, args, act } of MUTATIONS) {
    it(`refuses ${name}: ${error}`, async () => {
      await expect(act(scene))
        .to.be.revertedWithCustomError(scene.settlement, error)
        .withArgs(...(typeof args === "function" ? args(scene) : args));
    });
  }
});
