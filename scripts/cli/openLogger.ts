import { pino, type DestinationStream } from "pino";
import { LOG_FORMAT, type Logger } from "../../src/roles/Logger.ts";

/** The logger of a script: JSON lines, without secrets. */
export function openLogger(level: string, destination: DestinationStream): Logger {
  return pino({ ...LOG_FORMAT, level }, destination);
}
