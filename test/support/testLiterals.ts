import ts from "typescript";

/** What a test file calls its tests and the rows of its tables. A substitution in a template is "…". */
export interface TestLiterals {
  /** Titles of `it` and `describe`. */
  readonly titles: ReadonlySet<string>;
  /** All strings and templates. */
  readonly all: ReadonlySet<string>;
}

/** Reads the source of a test file. */
export function literalsOf(source: string): TestLiterals {
  const titles = new Set<string>();
  const all = new Set<string>();
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) {
      all.add(text);
      if (isTitle(node)) titles.add(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("test.ts", source, ts.ScriptTarget.Latest, true));
  return { titles, all };
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
}

function isTitle(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== node || !ts.isIdentifier(call.expression)) return false;
  return call.expression.text === "it" || call.expression.text === "describe";
}
