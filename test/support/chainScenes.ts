import type { GameMock } from "../../typechain/index.ts";
import { Asserter, type AssertArguments, type KnownAssertion } from "./assertions.ts";
import type { Connection } from "./baseChain.ts";
import { deployChain, type ChainFixture } from "./l1.ts";

/** A chain, who asserts on it, and its genesis assertion. */
export interface ChainContext extends ChainFixture {
  asserter: Asserter;
  genesis: string;
}

/** The scenes of the chain's tests. */
export interface ChainScenes {
  contextOf: (fixture: ChainFixture) => Promise<ChainContext>;
  genesisFixture: () => Promise<ChainContext>;
  readyFixture: () => Promise<ChainContext & { valid: AssertArguments }>;
  assertedFixture: () => Promise<ChainContext & { first: KnownAssertion }>;
  rivalsFixture: () => Promise<ChainContext & { first: KnownAssertion; second: KnownAssertion }>;
}

/** Makes the scenes on a network. */
export function chainScenes(connection: Connection): ChainScenes {
  async function contextOf(fixture: ChainFixture): Promise<ChainContext> {
    return { ...fixture, asserter: new Asserter(connection, fixture), genesis: await fixture.chain.genesis() };
  }

  /** A chain with nothing but its genesis assertion. */
  const genesisFixture = async (): Promise<ChainContext> => contextOf(await deployChain(connection));

  /** Everything is ready for a child of genesis. */
  async function readyFixture(): Promise<ChainContext & { valid: AssertArguments }> {
    const context = await genesisFixture();
    await context.asserter.prepare(context.genesis);
    return { ...context, valid: await context.asserter.arguments(context.genesis, context.alice) };
  }

  /** Alice has asserted under genesis. */
  async function assertedFixture(): Promise<ChainContext & { first: KnownAssertion }> {
    const context = await genesisFixture();
    return { ...context, first: await context.asserter.assert(context.alice, context.genesis) };
  }

  /** Alice and Bob have asserted under genesis, at different times. */
  async function rivalsFixture(): Promise<ChainContext & { first: KnownAssertion; second: KnownAssertion }> {
    const context = await assertedFixture();
    await connection.networkHelpers.time.increase(1000);
    return { ...context, second: await context.asserter.assert(context.bob, context.genesis, "wrong") };
  }

  return { contextOf, genesisFixture, readyFixture, assertedFixture, rivalsFixture };
}

/** Has the game say how much time an assertion's children have given it. */
export async function setTime(game: GameMock, { parent, historyRoot }: KnownAssertion, seconds: bigint): Promise<void> {
  await game.setTime(parent, historyRoot, seconds);
}
