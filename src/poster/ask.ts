import { isTenorError } from "../errors.ts";
import { PosterError, type PosterErrorCode } from "./PosterError.ts";

/** Asks the endpoint, the sequencer or the signer. @throws {@link PosterError} with the failure as its cause. */
export async function ask<T>(request: () => Promise<T>, code: PosterErrorCode = "ENDPOINT"): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof PosterError) throw cause;
    const isSilent = isTenorError(cause, "UNAVAILABLE");
    const effective = code === "SEND_REFUSED" && isSilent ? "ENDPOINT" : code;
    // What the other side has said; of a cause a log shows the code alone.
    const fields = isTenorError(cause) ? cause.fields : {};
    throw new PosterError(effective, MESSAGES[effective] ?? "L1 endpoint failed", { fields, cause });
  }
}

const MESSAGES: Partial<Record<PosterErrorCode, string>> = {
  FEED: "the sequencer does not answer as it should",
  SIGNER: "the signer does not sign",
  SEND_REFUSED: "the endpoint refuses a transaction",
};
