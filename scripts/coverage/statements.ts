import ts from "typescript";

/** A statement that can be executed: where it begins, and in which line. */
export interface Statement {
  /** Offset in the file, UTF-16 code units, as V8 counts where no source map stands between. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 0, UTF-16 code units. */
  readonly column: number;
}

/** The statements of a TypeScript file, those of types alone left out. */
export function statementsOf(source: string): readonly Statement[] {
  const file = ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest, true);
  const found: Statement[] = [];
  const add = (node: ts.Node): void => {
    const offset = node.getStart(file);
    const { line, character: column } = file.getLineAndCharacterOfPosition(offset);
    found.push({ offset, line: line + 1, column });
  };
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    if (isExecuted(node)) add(node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

function isTypeOnly(node: ts.Node): boolean {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeNode(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node)
  );
}

function isExecuted(node: ts.Node): boolean {
  // What is declared is counted by what is in it.
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isBlock(node)) return false;
  if (ts.isStatement(node) && !ts.isEmptyStatement(node)) return true;
  // The body of `() => expression`, and what a field begins with.
  const { parent } = node;
  if (ts.isArrowFunction(parent) && parent.body === node) return true;
  return ts.isPropertyDeclaration(parent) && parent.initializer === node;
}
