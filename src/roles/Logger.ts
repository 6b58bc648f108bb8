import { loggable } from "./loggable.ts";

/**
 * The part of a pino logger that services use; they are given one, so that tests and scripts decide where lines go. It is made with
 * {@link LOG_FORMAT}, since services hand errors over as they are.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Options of every pino logger of this project: all that is logged passes {@link loggable}. */
export const LOG_FORMAT = {
  formatters: { log: (fields: object): Record<string, unknown> => loggable(fields) as Record<string, unknown> },
  // The formatter has made a plain object of it, which the default one would take for an error again.
  serializers: { err: (error: unknown): unknown => error },
} as const;

function nothing(): void {
  // Says nothing on purpose.
}

/** A logger that says nothing. */
export const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
