import { childrenOf, type AstNode } from "./ast.ts";

/**
 * The functions that a contract can call, by their numbers: its own and inherited ones, and whatever these name. The trees must be of one
 * compilation.
 */
export function reachableFunctions(trees: readonly AstNode[], contract: string): ReadonlySet<number> {
  const nodes = new Map<number, AstNode>();
  const index = (node: AstNode): void => {
    if (typeof node.id === "number") nodes.set(node.id, node);
    for (const child of childrenOf(node)) index(child);
  };
  trees.forEach(index);
  const roots = [...nodes.values()].filter(
    ({ nodeType, name }) => nodeType === "ContractDefinition" && name === contract,
  );
  const reached = new Set<number>();
  const waiting = roots.flatMap(({ linearizedBaseContracts }) =>
    (linearizedBaseContracts as readonly number[]).map((id) => nodes.get(id)!),
  );
  const visit = (node: AstNode): void => {
    if (node.nodeType === "FunctionDefinition") reached.add(node.id);
    const target = nodes.get(node.referencedDeclaration as number);
    const isCode = target?.nodeType === "FunctionDefinition" || target?.nodeType === "ModifierDefinition";
    if (isCode && !reached.has(target.id)) {
      reached.add(target.id);
      waiting.push(target);
    }
    for (const child of childrenOf(node)) visit(child);
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) visit(next);
  return reached;
}
