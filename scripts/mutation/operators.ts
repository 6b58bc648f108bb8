import { childrenOf, isNode, rangeOf, textOf, typeOf, type AstNode } from "./ast.ts";

/** Kinds of changes that programmers make by mistake. */
export type Operator =
  | "comparison boundary"
  | "comparison negation"
  | "arithmetic swap"
  | "logical swap"
  | "condition negation"
  | "constant +1"
  | "constant -1"
  | "statement removal"
  | "revert removal"
  | "return value"
  | "argument swap"
  | "boolean flip"
  | "sign removal";

/** One change of one place of one source file. */
export interface Mutant {
  readonly file: string;
  readonly operator: Operator;
  /** Bytes of the source that change: the first, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** Whether the place is an expression or a whole statement. */
  readonly place: "expression" | "statement";
  readonly original: string;
  readonly replacement: string;
  readonly line: number;
  /** Contract or library and function. */
  readonly where: string;
  /** The function's number in the syntax tree. */
  readonly functionId: number;
}

const BOUNDARY: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const NEGATION: Readonly<Record<string, string>> = { "==": "!=", "!=": "==" };
const LOGICAL: Readonly<Record<string, string>> = { "&&": "||", "||": "&&" };
const ARITHMETIC: Readonly<Record<string, string>> = {
  ...{ "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*" },
  ...{ "&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<" },
};
const ASSIGNMENTS: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "|=": "&=",
  "&=": "|=",
};
const INTEGER = /^u?int\d*$/;
const FIXED_BYTES = /^bytes\d+$/;

/** Integer constants by the ids of their declarations: what stands for a number by a name. */
export type Constants = ReadonlySet<number>;

/** The declarations of integer constants in a file. */
export function constantsOf(ast: AstNode): number[] {
  const found: number[] = [];
  const visit = (node: AstNode): void => {
    if (node.nodeType === "VariableDeclaration" && node.constant === true && INTEGER.test(typeOf(node)))
      found.push(node.id);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(ast);
  return found;
}

/** All mutants of a file, in the order of the source. Inline assembly is left as it is. */
export function mutantsOf(file: string, source: Buffer, ast: AstNode, constants: Constants): readonly Mutant[] {
  const collector = new Collector(file, source, constants);
  collector.visit(ast);
  return collector.mutants.sort((a, b) => a.start - b.start || b.end - a.end);
}

class Collector {
  readonly mutants: Mutant[] = [];
  readonly #file: string;
  readonly #source: Buffer;
  readonly #constants: Constants;
  #where = "";
  #functionId = 0;
  #inBody = false;

  constructor(file: string, source: Buffer, constants: Constants) {
    this.#file = file;
    this.#source = source;
    this.#constants = constants;
  }

  visit(node: AstNode): void {
    const { nodeType } = node;
    if (nodeType === "InlineAssembly" || nodeType === "ModifierInvocation") return;
    if (nodeType === "ContractDefinition") this.#where = String(node.name);
    if (nodeType === "FunctionDefinition") {
      // A constructor has run before a mutant is chosen; what it leaves is checked by the tests of the deployment.
      if (!isNode(node.body) || node.kind === "constructor") return;
      const [outer, name] = [this.#where, String(node.name) || String(node.kind)];
      this.#where = outer === "" ? name : `${outer}.${name}`;
      this.#functionId = node.id;
      this.#inBody = true;
      this.visit(node.body);
      this.#inBody = false;
      this.#where = outer;
      return;
    }
    if (this.#inBody) this.#mutate(node);
    for (const child of childrenOf(node)) {
      // Without them a loop does not end, which says nothing about the tests.
      const isLoopControl =
        nodeType === "ForStatement" && child.nodeType === "ExpressionStatement" && child !== node.body;
      if (!isLoopControl) this.visit(child);
    }
  }

  #mutate(node: AstNode): void {
    switch (node.nodeType) {
      case "BinaryOperation":
        return this.#binary(node);
      case "UnaryOperation":
        return this.#unary(node);
      case "Literal":
        if (node.kind === "bool") this.#expression(node, "boolean flip", node.value === "true" ? "false" : "true");
        return;
      case "Identifier":
        return this.#constant(node);
      case "IfStatement":
      case "WhileStatement":
      case "ForStatement":
      case "Conditional":
        return this.#condition(node.condition);
      case "FunctionCall":
        return this.#call(node);
      case "Return":
        return this.#return(node);
      case "ExpressionStatement":
        return this.#statement(node);
      case "EmitStatement":
      case "Break":
      case "Continue":
        return this.#add(node, "statement", "statement removal", "");
      case "RevertStatement":
        return this.#add(node, "statement", "revert removal", "");
      default:
        return;
    }
  }

  #binary(node: AstNode): void {
    const operator = String(node.operator);
    const [left, right] = [node.leftExpression as AstNode, node.rightExpression as AstNode];
    // Constant expressions are numbers, and operators of user-defined types are functions.
    if (/^(int|rational)_const/.test(typeOf(node)) || node.function !== undefined) return;
    const replace = (kind: Operator, table: Readonly<Record<string, string>>): void => {
      const other = table[operator];
      if (other !== undefined) this.#expression(node, kind, `${this.#text(left)} ${other} ${this.#text(right)}`);
    };
    replace("comparison boundary", BOUNDARY);
    replace("comparison negation", NEGATION);
    replace("logical swap", LOGICAL);
    replace("arithmetic swap", ARITHMETIC);
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const value = numberOf(side);
      if (value === undefined || numberOf(other) !== undefined) continue;
      for (const [kind, changed] of [
        ["constant +1", value + 1n],
        ["constant -1", value - 1n],
      ] as const) {
        if (changed < 0n) continue;
        const sides = side === left ? [String(changed), this.#text(right)] : [this.#text(left), String(changed)];
        this.#expression(node, kind, `${sides[0]} ${operator} ${sides[1]}`);
      }
    }
  }

  #unary(node: AstNode): void {
    const operand = this.#text(node.subExpression as AstNode);
    if (node.operator === "!") this.#expression(node, "condition negation", operand);
    if (node.operator === "-" && INTEGER.test(typeOf(node))) this.#expression(node, "sign removal", operand);
  }

  #constant(node: AstNode): void {
    if (!this.#constants.has(node.referencedDeclaration as number)) return;
    const name = this.#text(node);
    this.#expression(node, "constant +1", `${name} + 1`);
    this.#expression(node, "constant -1", `${name} - 1`);
  }

  #condition(condition: unknown): void {
    if (!isNode(condition)) return;
    // These have a mutant that is the same.
    if (condition.nodeType === "BinaryOperation" && NEGATION[String(condition.operator)] !== undefined) return;
    if (condition.nodeType === "UnaryOperation" && condition.operator === "!") return;
    this.#expression(condition, "condition negation", `!(${this.#text(condition)})`);
  }

  #call(node: AstNode): void {
    const args = node.arguments as readonly AstNode[];
    const callee = node.expression as AstNode;
    if (node.kind !== "functionCall" || (node.names as readonly string[]).length > 0 || args.length < 2) return;
    if (!typeOf(callee).startsWith("function") || typeOf(node) === "tuple()") return;
    for (let i = 0; i + 1 < args.length; i++) {
      const [a, b] = [args[i]!, args[i + 1]!];
      if (typeOf(a) !== typeOf(b) || this.#text(a) === this.#text(b)) continue;
      const texts = args.map((argument) => this.#text(argument));
      [texts[i], texts[i + 1]] = [texts[i + 1]!, texts[i]!];
      this.#expression(node, "argument swap", `${this.#text(callee)}(${texts.join(", ")})`);
    }
  }

  #return(node: AstNode): void {
    if (!isNode(node.expression)) return;
    const { expression } = node;
    const type = typeOf(expression);
    const text = this.#text(expression);
    // OK is zero.
    if (INTEGER.test(type) && text !== "0" && !text.endsWith(".OK"))
      this.#expression(expression, "return value", `${type}(0)`);
    else if (FIXED_BYTES.test(type)) this.#expression(expression, "return value", `${type}(0)`);
    else if (type === "address") this.#expression(expression, "return value", "address(0)");
    else if (type === "bool" && expression.nodeType === "FunctionCall") {
      this.#expression(expression, "return value", `!(${text})`);
    }
  }

  #statement(node: AstNode): void {
    this.#add(node, "statement", "statement removal", "");
    const expression = node.expression as AstNode;
    if (expression.nodeType !== "Assignment") return;
    const other = ASSIGNMENTS[String(expression.operator)];
    if (other === undefined) return;
    const [left, right] = [expression.leftHandSide as AstNode, expression.rightHandSide as AstNode];
    this.#add(node, "statement", "arithmetic swap", `${this.#text(left)} ${other} ${this.#text(right)};`);
  }

  #text(node: AstNode): string {
    return textOf(this.#source, node);
  }

  #expression(node: AstNode, operator: Operator, replacement: string): void {
    this.#add(node, "expression", operator, replacement);
  }

  #add(node: AstNode, place: Mutant["place"], operator: Operator, replacement: string): void {
    const [start, last] = rangeOf(node);
    // The semicolon of most statements is not part of the node.
    const end = place === "statement" && this.#source[last] === 0x3b ? last + 1 : last;
    this.mutants.push({
      file: this.#file,
      operator,
      ...{ start, end, place, replacement, where: this.#where, functionId: this.#functionId },
      original: this.#source.subarray(start, end).toString(),
      line: this.#source.subarray(0, start).toString().split("\n").length,
    });
  }
}

/** The value of a literal number without a unit. */
function numberOf(node: AstNode): bigint | undefined {
  if (node.nodeType !== "Literal" || node.kind !== "number" || typeof node.subdenomination === "string")
    return undefined;
  const text = String(node.value).replaceAll("_", "");
  return /^(\d+|0x[0-9a-fA-F]+)$/.test(text) ? BigInt(text) : undefined;
}
