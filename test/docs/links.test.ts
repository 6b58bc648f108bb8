import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { documents, inlineCode, ROOT, type Document } from "../support/documents.ts";

/** Folders whose files the documents name. */
const FOLDERS = /^(?:contracts|deploy|docs|scripts|src|test|test-deep)\//;

/** The relative links of a document's prose, and the lines that they are in. */
function linksOf({ prose }: Document): { readonly target: string; readonly line: number }[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(({ 1: target, index }) => ({ target: target!, line: prose.slice(0, index).split("\n").length }))
    .filter(({ target }) => !/^https?:/.test(target));
}

/** The names by which GitHub finds the headings of a document. */
function anchorsOf(document: Document): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of document.prose.matchAll(/^#+ (.*)$/gm)) {
    const plain = heading!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "");
    const slug = plain.trim().replace(/\s/g, "-");
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe("the links of README.md and docs/*.md", () => {
  it("lead to files and headings that there are", () => {
    const all = new Map(documents().map((document) => [document.path, document]));
    const broken: string[] = [];
    let count = 0;
    for (const document of all.values()) {
      for (const { target, line } of linksOf(document)) {
        count++;
        const [name, anchor] = target.split("#") as [string, string | undefined];
        const path = name === "" ? document.path : posix.join(posix.dirname(document.path), name);
        const isThere = existsSync(new URL(path, ROOT));
        const other = all.get(path);
        if (!isThere || (anchor !== undefined && (other === undefined || !anchorsOf(other).has(anchor)))) {
          broken.push(`${document.path}:${line}: ${target}`);
        }
      }
    }
    expect(broken).to.deep.equal([]);
    expect(count).to.be.above(100);
  });

  it("are no links to documents that nothing leads to", () => {
    const linked = new Set(
      documents().flatMap((document) =>
        linksOf(document).map(({ target }) => posix.join(posix.dirname(document.path), target.split("#")[0]!)),
      ),
    );
    expect(documents().filter(({ path }) => path !== "README.md" && !linked.has(path))).to.deep.equal([]);
  });

  it("stand beside paths of files that there are", () => {
    const named = documents()
      .flatMap(inlineCode)
      .filter(({ text }) => FOLDERS.test(text) && !/\s/.test(text) && !text.startsWith("deploy/deployments/"));
    const missing = named.filter(({ text }) => !isThere(text.replace(/:\d+$/, "")));
    expect(named).to.have.length.above(50);
    expect(missing).to.deep.equal([]);
  });
});

/** Whether there is a file or folder of that path, where `*` stands for anything within a name. */
function isThere(path: string): boolean {
  if (!path.includes("*")) return existsSync(new URL(path, ROOT));
  const pattern = new RegExp(`^${posix.basename(path).replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
  const folder = new URL(`${posix.dirname(path)}/`, ROOT);
  return existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name));
}
