/** The part of a pino logger that services use; they are given one, so that tests and scripts decide where lines go. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function nothing(): void {
  // Says nothing on purpose.
}

/** A logger that says nothing. */
export const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
