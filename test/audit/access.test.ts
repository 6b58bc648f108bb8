import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { Contract, Interface, type FunctionFragment, type JsonFragment } from "ethers";
import { artifacts } from "hardhat";
import { ACCESS, type ContractAccess } from "./accessMatrix.ts";
import { launchAccessScene, ROLES, type AccessScene } from "./accessScene.ts";
import { CONTRACT_NAMES, CONTRACTS, type AuditedContract } from "./contracts.ts";

async function interfaceOf(contract: AuditedContract): Promise<Interface> {
  const { abi } = await artifacts.readArtifact(CONTRACT_NAMES[contract]);
  return new Interface(abi as readonly JsonFragment[]);
}

function functionsOf({ fragments }: Interface): FunctionFragment[] {
  return fragments.filter((fragment): fragment is FunctionFragment => fragment.type === "function");
}

/** Every function of every contract, who may call it, and everybody else as a caller. */
describe("Access to the contracts", () => {
  let scene: AccessScene;

  before(async () => {
    scene = await launchAccessScene();
  });

  it("the table has every contract of a deployment, but for the token", () => {
    const deployed = Object.keys(scene.deployment.addresses).filter((name) => name !== "token");
    expect([...CONTRACTS].sort()).to.deep.equal(deployed.sort());
  });

  for (const name of CONTRACTS) {
    const table: ContractAccess = ACCESS[name];

    describe(CONTRACT_NAMES[name], () => {
      it("has the functions of the table and no others", async () => {
        const functions = functionsOf(await interfaceOf(name));
        const named = (constant: boolean): string[] =>
          functions
            .filter((fragment) => fragment.constant === constant)
            .map((fragment) => fragment.name)
            .sort();
        expect(named(true)).to.deep.equal([...table.views].sort());
        expect(named(false)).to.deep.equal(Object.keys(table.functions).sort());
        const payable = functions.filter((fragment) => fragment.payable).map((fragment) => fragment.name);
        expect(payable.sort()).to.deep.equal([...(table.payable ?? [])].sort());
      });

      it("has no other way in", async () => {
        const { fallback, receive } = await interfaceOf(name);
        expect(fallback).to.equal(null);
        // Ether that is sent to the timelock is governance's own.
        expect(receive).to.equal(name === "timelock");
        const { stranger } = scene.roles;
        const to = scene.deployment.addresses[name];
        for (const transaction of [
          { to, data: "0x12345678" },
          { to, data: "0x12" },
          { to, data: "0x12345678", value: 1n },
        ]) {
          await stranger.call(transaction).then(
            () => expect.fail(`${name} has taken ${transaction.data}`),
            (error: unknown) => expect(String(error)).to.match(/revert|unrecognized/),
          );
        }
      });

      for (const [functionName, access] of Object.entries(table.functions)) {
        it(`${functionName}: ${access.by}, ${access.when}`, async () => {
          const contract = new Contract(scene.deployment.addresses[name], await interfaceOf(name));
          const declares = new Contract(contract, await interfaceOf(access.admittedBy ?? name));
          const values = access.arguments(scene);
          for (const role of ROLES) {
            const isIn = access.only === undefined || access.only.includes(role);
            const expected = isIn ? access.admitted : access.refused;
            const call = contract
              .connect(scene.roles[role])
              .getFunction(functionName)
              .staticCall(...values);
            if (expected === undefined) await call;
            else await expect(call, `by ${role}`).to.be.revertedWithCustomError(isIn ? declares : contract, expected);
          }
        });
      }
    });
  }
});

describe("Errors of the contracts", () => {
  it("that they declare are each raised by a test", async () => {
    const folder = new URL("../contracts/", import.meta.url);
    const files = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
    const text = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");
    const missing: string[] = [];
    // The game's, the prover's and the settlement's have tables of their own, which are complete too.
    for (const name of ["inbox", "chain", "bridge"] as const) {
      (await interfaceOf(name)).forEachError(({ name: error }) => {
        if (!text.includes(`"${error}"`)) missing.push(`${name}: ${error}`);
      });
    }
    expect(missing).to.deep.equal([]);
  });
});
