import { measureDisputes } from "./disputes.ts";
import { measureOperations } from "./operations.ts";
import { measureProofs } from "./proofs.ts";
import { SimulatedL1, type Rules } from "./SimulatedL1.ts";
import { exchangeState } from "./state.ts";
import { isSlow, SECTION_BITS, type Measurement } from "./table.ts";

/**
 * Measures every operation, on a simulated L1 of its own.
 *
 * @param slowToo Also what {@link isSlow}.
 */
export async function measureAll(rules: Rules = "today", slowToo = true): Promise<Measurement[]> {
  const state = exchangeState();
  const l1 = await SimulatedL1.start(rules);
  try {
    const operations = await measureOperations(l1, state);
    const bits = Number(l1.parameters.sectionBits);
    const proofs = await measureProofs(l1, state, (operation) => slowToo || !isSlow(operation, bits));
    const sizes = SECTION_BITS.filter((m) => slowToo || m === bits);
    return [...operations, ...proofs, ...(await measureDisputes(rules, bits, sizes))];
  } finally {
    await l1.stop();
  }
}
