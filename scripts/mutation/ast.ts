/** A node of solc's syntax tree. Offsets are bytes of the source file. */
export interface AstNode {
  readonly nodeType: string;
  /** start ":" length ":" file. */
  readonly src: string;
  readonly id: number;
  readonly [field: string]: unknown;
}

/** Whether a value of the tree is a node. */
export function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && typeof (value as AstNode).nodeType === "string";
}

/** Bytes of the source in which a node stands: the first, and the one behind the last. */
export function rangeOf({ src }: AstNode): readonly [start: number, end: number] {
  const [start, length] = src.split(":").map(Number) as [number, number];
  return [start, start + length];
}

/** The nodes directly below one. */
export function* childrenOf(node: AstNode): Generator<AstNode> {
  for (const value of Object.values(node)) {
    if (isNode(value)) yield value;
    else if (Array.isArray(value)) for (const item of value) if (isNode(item)) yield item;
  }
}

/** What the compiler says is the type of an expression, as text. */
export function typeOf(node: AstNode): string {
  const descriptions = node.typeDescriptions as { typeString?: string } | undefined;
  return descriptions?.typeString ?? "";
}

/** The text of a node. */
export function textOf(source: Buffer, node: AstNode): string {
  const [start, end] = rangeOf(node);
  return source.subarray(start, end).toString();
}
