import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Actor, Arena } from "./Arena.ts";
import type { Liar } from "./adversaries.ts";
import type { HonestParty } from "./HonestParty.ts";

/** Who takes part in a game. */
export interface Cast {
  readonly honest: HonestParty;
  readonly liars: readonly Liar[];
  /** Those who assert nothing. */
  readonly others?: readonly Actor[];
  /** Makes the moves that anybody may make. */
  readonly bystander: HardhatEthersSigner;
}

/** How a game went. */
export interface Outcome {
  /** Seconds from the honest assertion to its confirmation. */
  readonly confirmedAfter: number;
  /** Number of instants at which something happened. */
  readonly instants: number;
}

/** More than any game takes. */
const MOST_INSTANTS = 10_000;

/**
 * Plays until the honest assertion is confirmed. Within a second the adversaries move first, again and again as long as
 * there is something to answer. At every instant it is expected that no wrong assertion can be confirmed, and in the last second,
 * that the contract refuses to confirm any.
 */
export async function play(arena: Arena, cast: Cast): Promise<Outcome> {
  const { liars } = cast;
  const instants = await playUntilDecided(arena, cast, () => expectNoLiarConfirms(arena, liars));
  await expectHonestWins(arena, cast);
  const root = await arena.root(arena.scene.honest);
  return { confirmedAfter: arena.now - arena.clocks.asserted.get(root!.id)!, instants };
}

/**
 * Plays until the honest assertion can be confirmed, or until somebody ends it.
 *
 * @param watch Called at every instant, after all moves of that second; says whether to stop.
 */
export async function playUntilDecided(
  arena: Arena,
  { honest, liars, others = [] }: Cast,
  watch: () => Promise<boolean>,
): Promise<number> {
  const actors: readonly Actor[] = [...others, ...liars, honest];
  for (let instants = 1; instants <= MOST_INSTANTS; instants++) {
    let before: number;
    do {
      before = arena.version;
      for (const actor of actors) await actor.act(arena);
    } while (before !== arena.version);
    if (await watch()) return instants;

    const earliest = await arena.earliest(arena.scene.honest);
    if (earliest === arena.now) return instants;
    const wakes = await Promise.all(actors.map((actor) => actor.wake(arena)));
    const next = Math.min(earliest ?? Infinity, ...wakes.map((time) => time ?? Infinity));
    expect(next, "nobody has anything to do, and the honest assertion is not confirmed").to.be.below(Infinity);
    // An actor that has something to do later in this very second would have done it.
    expect(next > arena.now, "time goes on").to.equal(true);
    arena.now = next;
  }
  return expect.fail("the game does not end");
}

async function expectNoLiarConfirms(arena: Arena, liars: readonly Liar[]): Promise<boolean> {
  for (const { claim, name } of liars) {
    const root = await arena.root(claim);
    if (root === undefined) continue;
    const total = arena.clocks.total(arena.view, root, arena.now);
    expect(total < arena.challengePeriod, `${name} has ${total} seconds`).to.equal(true);
  }
  return false;
}

/** The honest assertion confirms and no wrong one does, before or after; the honest stake comes back and the others do not. */
async function expectHonestWins(arena: Arena, { honest, liars, bystander }: Cast): Promise<void> {
  for (const liar of liars.filter(({ hasAsserted }) => hasAsserted)) {
    expect(await arena.confirm(bystander, liar.claim), liar.name).to.equal("TimeTooShort");
  }
  expect(await arena.confirm(bystander, arena.scene.honest), "honest assertion").to.equal(undefined);
  for (const liar of liars.filter(({ hasAsserted }) => hasAsserted)) {
    expect(await arena.confirm(bystander, liar.claim), liar.name).to.equal("SiblingConfirmed");
    expect(await arena.withdraw(liar.signer), liar.name).to.equal("StakeInUse");
  }
  expect(await arena.withdraw(honest.signer), "honest stake").to.equal(undefined);
}

/** The time within which an honest assertion is confirmed, from its creation. */
export function bound(arena: Arena, delay: number, combined: boolean, censored = 0): number {
  const reactions = combined ? arena.levels + 1 : 2 * arena.levels + 1;
  return arena.challengePeriod + censored + reactions * delay;
}
