import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { encodeVarint } from "../../../src/machine/Varint.ts";
import { decodeTransaction, type Fill, type WireMakerOrder, type WireTakerOrder } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import type { MachineHarness } from "../../../typechain/index.ts";
import { Random, runSeed } from "../random.ts";
import { connect } from "../baseChain.ts";

const { ethers } = await connect();

/** Numbers at which something ends. */
const EDGES = [0n, 1n, 2n, 59n, 60n, 61n, 127n, 128n, 2n ** 16n, 2n ** 32n, 2n ** 39n, 2n ** 40n, 2n ** 41n, 2n ** 63n];
const BASES = [0n, 59n, 1_728_036_000n, 65_535n * 86_400n, 2n ** 40n - 1n];

/**
 * A fill as a sequencer might write it that wants the two machines to part: bytes of every form, most of them malformed. What both
 * read of those that are not must be the same, and must have no other bytes.
 *
 * @param fills How many are tried.
 */
export function describeWireParity(fills: number): void {
  describe("Fills on the wire: both machines read the same of any bytes", () => {
    let harness: MachineHarness;

    before(async () => {
      harness = await ethers.deployContract("MachineHarness");
    });

    it(`at ${fills} random ones`, async function () {
      this.timeout(3_600_000);
      const seed = runSeed();
      console.log(`      seed ${seed}`);
      const random = new Random(seed);
      let valid = 0;
      for (let i = 0; i < fills; i++) {
        const item = spoiled(random, fillBytes(random));
        const base = random.pick(BASES);
        const forced = random.chance(0.1);
        const twin = decodeTransaction(item, base, forced);
        const judged = await harness.decodeFill(item, base, forced);
        const words = `${toHex(item)} at ${base}${forced ? ", forced" : ""}`;
        expect(judged.valid, words).to.equal(twin !== undefined);
        if (twin === undefined) continue;
        valid++;
        const { maker, taker, lots } = twin as Fill;
        expect(judged.transaction.lots, words).to.equal(lots);
        for (const [order, twinOrder] of [
          [judged.transaction.maker, maker],
          [judged.transaction.taker, taker],
        ] as const) {
          expect(order.stored, words).to.equal(twinOrder.stored);
          expect([order.account, order.nonce], words).to.deep.equal([BigInt(twinOrder.account), twinOrder.nonce]);
          if (twinOrder.stored) continue;
          const { market, day, strikeSteps, put, limitTicks, slippageTicks } = {
            ...{ market: 0, day: 0, strikeSteps: 0n, put: false, limitTicks: 0n, slippageTicks: 0n },
            ...(twinOrder as Partial<WireMakerOrder & WireTakerOrder>),
          };
          expect([order.market, order.day, order.strikeSteps, order.put], words).to.deep.equal([
            ...[BigInt(market), BigInt(day), strikeSteps, put],
          ]);
          expect([order.limitTicks, order.slippageTicks], words).to.deep.equal([limitTicks, slippageTicks]);
          const { flags, keyIndex, keyEpoch, feeTicks, deadline, signature } = twinOrder;
          expect([order.flags, order.keyIndex, order.keyEpoch], words).to.deep.equal(
            [flags, keyIndex, keyEpoch].map(BigInt),
          );
          expect([order.lots, order.feeTicks, order.deadline], words).to.deep.equal([
            twinOrder.lots,
            feeTicks,
            deadline,
          ]);
          expect(`${order.signature.r}${order.signature.yParityAndS.slice(2)}`, words).to.equal(toHex(signature));
        }
        expect(toHex(encodeTransaction(twin, base)), "the only bytes of it").to.equal(toHex(item));
      }
      expect(valid, "well-formed ones").to.be.greaterThan(fills / 20);
    });
  });
}

function fillBytes(random: Random): Uint8Array {
  const form = random.integer(0, 15);
  const edge = (): bigint => {
    const value = random.pick(EDGES);
    return value > 0n && random.chance(0.3) ? value - 1n : value;
  };
  const number = (): number[] => encodeVarint(random.chance(0.06) ? edge() : BigInt(random.integer(0, 300)));
  const signature = Array.from({ length: 64 }, () => random.integer(0, 255));
  const tail = (): number[] => [...number(), ...number(), ...number(), ...signature];
  const flags = (mask: number): number[] => {
    const value = random.chance(0.3) ? 4 : random.integer(0, 255) & (random.chance(0.1) ? 255 : mask);
    return (value & 0x80) === 0 ? [value] : [value, random.integer(1, random.chance(0.9) ? 4 : 6), ...number()];
  };
  const reference = (): number[] => [...number(), ...number()];
  const maker = [...reference(), ...flags(0xff), random.integer(0, 255), ...number(), ...number(), ...number()];
  const taker = [...reference(), ...((form & 8) === 0 ? flags(0xbe) : []), ...number()];
  return Uint8Array.from([
    0x10 + form,
    ...((form & 1) === 0 ? [...maker, ...tail()] : reference()),
    ...((form & 2) === 0 ? [...taker, ...tail()] : reference()),
    ...((form & 4) === 0 ? number() : []),
  ]);
}

/** The bytes, or not quite. */
function spoiled(random: Random, bytes: Uint8Array): Uint8Array {
  if (random.chance(0.6)) return bytes;
  if (random.chance(0.3)) return bytes.slice(0, random.integer(1, bytes.length));
  const at = random.integer(1, bytes.length - 1);
  if (random.chance(0.3)) return Uint8Array.from([...bytes.slice(0, at), random.integer(0, 255), ...bytes.slice(at)]);
  return Uint8Array.from(bytes, (byte, i) => (i === at ? random.pick([0, 0x7f, 0x80, 0xff, byte ^ 1]) : byte));
}
