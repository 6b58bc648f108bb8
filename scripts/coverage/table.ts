/** The lines of a file that can be executed, and whether each was. */
export interface FileLines {
  /** Name in the folder that is measured. */
  readonly file: string;
  readonly lines: ReadonlyMap<number, boolean>;
}

/** Lines of a set of files. */
export interface Share {
  readonly executed: number;
  readonly all: number;
}

/** All lines of some files together. */
export function shareOf(files: readonly FileLines[]): Share {
  const lines = files.flatMap((file) => [...file.lines.values()]);
  return { executed: lines.filter(Boolean).length, all: lines.length };
}

/** Percent of lines, by the folder that a file lies in; then all together, beside the target. */
export function formatTable(title: string, files: readonly FileLines[], target: number): string {
  const folders = new Map<string, FileLines[]>();
  for (const file of files) {
    const name = file.file.includes("/") ? file.file.slice(0, file.file.lastIndexOf("/")) : ".";
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  const row = (name: string, share: Share, end = ""): string =>
    `${name.padEnd(24)} ${String(share.executed).padStart(6)} / ${String(share.all).padStart(6)} ${percent(share).padStart(8)}${end}`;
  return [
    `${title}: lines`,
    ...[...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inIt]) => row(name, shareOf(inIt))),
    row("all", shareOf(files), `  (target ${target} %)`),
  ].join("\n");
}

/** The lines that were not executed, file by file. */
export function formatMissed(files: readonly FileLines[]): string {
  return files
    .map(
      ({ file, lines }) => [file, [...lines].filter(([, wasExecuted]) => !wasExecuted).map(([line]) => line)] as const,
    )
    .filter(([, missed]) => missed.length > 0)
    .map(([file, missed]) => `${file}: ${missed.sort((a, b) => a - b).join(" ")}`)
    .join("\n");
}

/** Whether at least `target` percent of the lines were executed. */
export function reaches({ executed, all }: Share, target: number): boolean {
  return executed * 100 >= target * all;
}

function percent({ executed, all }: Share): string {
  return all === 0 ? "-" : `${((100 * executed) / all).toFixed(1)} %`;
}
