import { equalBytes } from "../crypto/bytes.ts";
import type { InputLog } from "../machine/InputLog.ts";

/** Which inputs something was computed from, so that it shows whether L1 still has them. */
export interface InputsRead {
  /** Number of batches. */
  readonly batch: bigint;
  /** Number of messages. */
  readonly message: bigint;
  /** Root of the sequence of these batches. */
  readonly batchesRoot: Uint8Array;
  /** Root of the sequence of these messages. */
  readonly messagesRoot: Uint8Array;
}

/** The first `batch` batches and the messages that they read. */
export function inputsBefore(log: InputLog, batch: bigint): InputsRead {
  const message = batch === 0n ? 0n : log.batch(batch - 1n).record.messagesRead;
  const { batchesRoot, messagesRoot } = log.context(batch, batch, message);
  return { batch, message, batchesRoot, messagesRoot };
}

/** Whether the log begins with these inputs. */
export function beginsWith(log: InputLog, inputs: InputsRead): boolean {
  if (log.batchCount < inputs.batch || log.messageCount < inputs.message) return false;
  const { batchesRoot, messagesRoot } = log.context(inputs.batch, inputs.batch, inputs.message);
  return equalBytes(batchesRoot, inputs.batchesRoot) && equalBytes(messagesRoot, inputs.messagesRoot);
}
