import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { fromHex } from "../../src/crypto/bytes.ts";
import { World } from "../support/tenor.ts";
import { CONTRACT_NAMES, CONTRACTS, type AuditedContract } from "./contracts.ts";
import { countOpcodes, OPCODES, type Opcode } from "./opcodes.ts";

/**
 * What each contract's code can do to the world beyond answering. Nothing else: no contract destroys itself, runs foreign code as its
 * own, makes contracts, or asks who began the transaction, unless it stands here.
 */
const POWERS: Readonly<Record<AuditedContract, readonly Opcode[]>> = {
  inbox: ["SLOAD", "SSTORE", "ORIGIN"],
  chain: ["SLOAD", "SSTORE", "STATICCALL", "CALL"],
  game: ["SLOAD", "SSTORE", "TLOAD", "TSTORE", "STATICCALL", "CALL", "DELEGATECALL", "ORIGIN"],
  bridge: ["SLOAD", "SSTORE", "STATICCALL", "CALL", "TLOAD", "TSTORE"],
  settlement: ["SLOAD", "SSTORE", "STATICCALL", "CALL"],
  timelock: ["SLOAD", "SSTORE", "CALL"],
  prover: ["STATICCALL"],
  marginEngine: [],
  accountExecutor: ["STATICCALL"],
  fillExecutor: ["STATICCALL"],
  liquidationExecutor: ["STATICCALL"],
  oracleExecutor: ["STATICCALL"],
  settlementExecutor: [],
};

const SOURCES = new URL("../../contracts/", import.meta.url);

describe("The deployed bytecode", () => {
  let world: World;

  before(async () => {
    world = await World.launch();
  });

  async function codeOf(name: AuditedContract): Promise<Uint8Array> {
    return fromHex(await world.connection.ethers.provider.getCode(world.deployment.addresses[name]));
  }

  for (const name of CONTRACTS) {
    it(`of ${CONTRACT_NAMES[name]} can do this and nothing else: ${POWERS[name].join(", ") || "answer"}`, async () => {
      const counts = countOpcodes(await codeOf(name));
      const found = (Object.keys(OPCODES) as Opcode[]).filter((opcode) => (counts.get(OPCODES[opcode]) ?? 0) > 0);
      expect([...found].sort()).to.deep.equal([...POWERS[name]].sort());
    });
  }

  it("delegates once, in BisectionGame.multicall, and to itself alone", async () => {
    const counts = countOpcodes(await codeOf("game"));
    expect(counts.get(OPCODES.DELEGATECALL)).to.equal(1);
    const delegations = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".sol") && !file.startsWith("test/"))
      .flatMap((file) =>
        readFileSync(new URL(file, SOURCES), "utf8")
          .split("\n")
          .filter((line) => /delegatecall/i.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(delegations).to.deep.equal(["game/BisectionGame.sol: Address.functionDelegateCall(address(this), data);"]);
  });

  it("stays where it is: no address holds a proxy, whose code would be a few hundred bytes", async () => {
    const slots = [
      // EIP-1967: implementation, beacon and admin; EIP-1822.
      "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
      "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
      "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
      "0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7",
    ];
    const { provider } = world.connection.ethers;
    for (const name of CONTRACTS) {
      expect((await codeOf(name)).length, name).to.be.greaterThan(4_000);
      for (const slot of slots) {
        expect(BigInt(await provider.getStorage(world.deployment.addresses[name], slot)), name).to.equal(0n);
      }
    }
  });
});

describe("Reading bytecode", () => {
  it("skips the data of PUSHes and the metadata, and nothing else", () => {
    const metadata = Uint8Array.of(0xa1, 0x64, 0x73, 0x6f, 0x6c, 0x63, 0x43, 0xff, 0xf4, 0xf2, 0x00, 0x0a);
    const code = Uint8Array.of(0x60, 0xff, 0x61, 0xf4, 0xf2, 0x5f, 0xf4, 0x7f, ...new Uint8Array(32).fill(0xff), 0xf2);
    for (const bytes of [code, Uint8Array.of(...code, ...metadata)]) {
      const counts = countOpcodes(bytes);
      expect(counts.get(OPCODES.SELFDESTRUCT)).to.equal(undefined);
      expect(counts.get(OPCODES.DELEGATECALL)).to.equal(1);
      expect(counts.get(OPCODES.CALLCODE)).to.equal(1);
    }
    expect(countOpcodes(Uint8Array.of(0xff)).get(OPCODES.SELFDESTRUCT)).to.equal(1);
    // An end that only looks as if a length stood there.
    expect(countOpcodes(Uint8Array.of(0xff, 0xff, 0x00, 0x01)).get(OPCODES.SELFDESTRUCT)).to.equal(2);
  });
});
