/** Where a place of a source file is in the code that was made of it. */
export type Locate = (line: number, column: number) => number | undefined;

/** What Node keeps of a source map beside the coverage of a script. */
export interface CachedSourceMap {
  /** Code units of each line of the code that ran, without the line feed. */
  readonly lineLengths: readonly number[];
  readonly data: { readonly mappings: string } | null;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Reads a map of one source file; lines and columns count from 0. */
export function locator({ lineLengths, data }: CachedSourceMap): Locate {
  /** Columns and offsets of each line of the source, in no order yet. */
  const places = new Map<number, { column: number; offset: number }[]>();
  let [line, column, start] = [0, 0, 0];
  for (const [n, text] of (data?.mappings ?? "").split(";").entries()) {
    let generated = 0;
    for (const segment of text.split(",")) {
      if (segment === "") continue;
      const fields = readVlq(segment);
      generated += fields[0]!;
      if (fields.length < 4) continue;
      line += fields[2]!;
      column += fields[3]!;
      const inLine = places.get(line);
      const place = { column, offset: start + generated };
      if (inLine === undefined) places.set(line, [place]);
      else inLine.push(place);
    }
    start += (lineLengths[n] ?? 0) + 1;
  }
  for (const inLine of places.values()) inLine.sort((a, b) => a.column - b.column);
  // What begins a statement may have no mapping of its own; the next token has.
  return (at, from) => places.get(at)?.find((place) => place.column >= from)?.offset;
}

/** The numbers of a segment: base 64, five bits a digit, the sign in the lowest bit. */
function readVlq(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}
