import type { Hex } from "../../src/crypto/bytes.ts";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { addressOf } from "../../src/crypto/secp256k1.ts";

/** The accounts of anvil's and Hardhat's well-known mnemonic ("test test … junk"). Everybody has their keys. */
const KEYS = {
  admin: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  sequencer: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  proposer: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  defender: "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  keeper: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  maker: "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
  "trader 1": "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
  "trader 2": "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
  "trader 3": "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
  receipts: "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
  feeds: "0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897",
} as const satisfies Record<string, Hex>;

/** Who has an account on a devnet. */
export type DevnetName = keyof typeof KEYS;

/** Who trades there, and with how much, in USDC. */
export const DEPOSITS = {
  maker: 50_000_000n,
  "trader 1": 1_000_000n,
  "trader 2": 1_000_000n,
  "trader 3": 1_000_000n,
} as const satisfies Partial<Record<DevnetName, bigint>>;

/** The private key of one of them. */
export function keyOf(name: DevnetName): Hex {
  return KEYS[name];
}

/** The address of one of them. */
export function addressOfName(name: DevnetName): Hex {
  return toHex(addressOf(fromHex(KEYS[name])));
}
