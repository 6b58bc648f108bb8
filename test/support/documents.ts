import { readdirSync, readFileSync } from "node:fs";

/** README.md and docs/*.md, taken apart. */

/** The folder of the repository. */
export const ROOT = new URL("../../", import.meta.url);

/** A document. */
export interface Document {
  /** Its path from the repository's folder. */
  readonly path: string;
  readonly text: string;
  /** The text without what is between fences; lines keep their numbers. */
  readonly prose: string;
  readonly fences: readonly Fence[];
}

/** A block between fences. */
export interface Fence {
  /** What follows the first fence: the language. */
  readonly language: string;
  /** Line of the first fence, from 1. */
  readonly line: number;
  /** Without the indentation of the fence. */
  readonly lines: readonly string[];
}

/** A piece of a document, and where it is. */
export interface Piece {
  readonly text: string;
  /** `path:line`. */
  readonly at: string;
}

/** All documents that a reader begins with. */
export function documents(): Document[] {
  const docs = readdirSync(new URL("docs/", ROOT)).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)].map(readDocument);
}

function readDocument(path: string): Document {
  const text = readFileSync(new URL(path, ROOT), "utf8");
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { readonly language: string; readonly line: number; readonly indentation: string } | undefined;
  let block: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [, indentation = "", language] = /^( *)```(\S*)$/.exec(line) ?? [];
    const isFence = language !== undefined;
    prose.push(open === undefined && !isFence ? line : "");
    if (!isFence) {
      if (open !== undefined)
        block.push(line.startsWith(open.indentation) ? line.slice(open.indentation.length) : line);
    } else if (open === undefined) {
      open = { language, line: index + 1, indentation };
      block = [];
    } else {
      fences.push({ language: open.language, line: open.line, lines: block });
      open = undefined;
    }
  }
  return { path, text, prose: prose.join("\n"), fences };
}

/** What is between single back quotes in a document's prose, with line breaks as spaces. */
export function inlineCode({ path, prose }: Document): Piece[] {
  return [...prose.matchAll(/`([^`]+)`/g)].map(({ 1: code, index }) => ({
    text: code!.replace(/\s+/g, " "),
    at: `${path}:${prose.slice(0, index).split("\n").length}`,
  }));
}

/** The lines of a document's shell blocks without their comments. */
export function shellLines({ path, fences }: Document): Piece[] {
  return fences
    .filter(({ language }) => language === "sh")
    .flatMap(({ line, lines }) => lines.map((text, i) => ({ text, at: `${path}:${line + 1 + i}` })))
    .map(({ text, at }) => ({ text: text.replace(/(^|\s)#.*$/, "").trim(), at }))
    .filter(({ text }) => text !== "");
}
