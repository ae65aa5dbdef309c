// Generates the mutants of a source file, each of a standard kind, and draws a seeded sample.
import ts from 'typescript';

export type Kind =
  | 'arithmetic'
  | 'boundary'
  | 'comparison'
  | 'logical'
  | 'boolean'
  | 'condition'
  | 'constant'
  | 'branches'
  | 'method'
  | 'statement'
  | 'block';

export interface Mutant {
  /** Relative to src. */
  readonly file: string;
  readonly kind: Kind;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** The text before and after. */
  readonly original: string;
  readonly replacement: string;
  /** The line before and after, without its position. equivalent.ts identifies mutants by it. */
  readonly change: string;
  /** The whole file with the change. */
  readonly source: string;
}

type Swaps = Readonly<Record<string, string>>;

const ARITHMETIC: Swaps = {
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '**': '*' },
  ...{ '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=', '<<': '>>', '>>': '<<', '>>>': '<<', '&': '|', '|': '&' },
};
const BOUNDARY: Swaps = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const COMPARISON: Swaps = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '===': '!==', '!==': '===' };
const LOGICAL: Swaps = { '&&': '||', '||': '&&' };
/** Methods with a counterpart: of Math, of arrays, and of tensors. */
const METHODS: Swaps = {
  ...{ max: 'min', min: 'max', floor: 'ceil', ceil: 'floor', some: 'every', every: 'some' },
  ...{ log: 'log1p', log1p: 'log', exp: 'expm1', expm1: 'exp' },
};
const TENSOR_METHODS: Swaps = {
  ...{ add: 'sub', sub: 'add', mul: 'div', div: 'mul', sum: 'mean', mean: 'sum' },
  ...{ greater: 'greaterEqual', greaterEqual: 'greater', less: 'lessEqual', lessEqual: 'less' },
  ...{ equal: 'notEqual', notEqual: 'equal', logicalAnd: 'logicalOr', logicalOr: 'logicalAnd' },
  ...{ ones: 'zeros', zeros: 'ones', onesLike: 'zerosLike', zerosLike: 'onesLike', argMax: 'argMin' },
};
/** Calls that can be replaced by their argument. */
const OF_ONE = ['abs', 'sqrt'];
const OF_ITSELF = ['neg', 'abs', 'sqrt', 'square', 'reciprocal'];

/**
 * All mutants of a file. Text, types and imports are unchanged. The increment of a `for` is unchanged too, because its
 * mutants only run into the time limit.
 */
export function mutantsOf(file: string, text: string): Mutant[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const usesTensors = text.includes('@tensorflow/tfjs');
  const found = new Map<string, Mutant>();
  const times = new Map<string, number>();

  const replace = (kind: Kind, node: ts.Node, replacement: string, from = node.getStart(tree), to = node.end): void => {
    const original = text.slice(from, to);
    const key = `${from}:${to}:${replacement}`;
    if (original === replacement || found.has(key)) return;
    const { line, character } = tree.getLineAndCharacterOfPosition(from);
    const source = text.slice(0, from) + replacement + text.slice(to);
    const change = `${lineAt(text, from, to)} → ${lineAt(source, from, from + replacement.length)}`;
    const nth = (times.get(change) ?? 0) + 1;
    times.set(change, nth);
    found.set(key, {
      ...{ file, kind, line: line + 1, column: character + 1, original, replacement, source },
      change: nth === 1 ? change : `${change} (${nth})`,
    });
  };
  const swap = (kind: Kind, node: ts.Node, swaps: Swaps) => {
    const swapped = swaps[node.getText(tree)];
    if (swapped !== undefined) replace(kind, node, swapped);
  };

  const ofBinary = (node: ts.BinaryExpression): void => {
    const { left, operatorToken, right } = node;
    if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
      replace('logical', node, left.getText(tree));
      replace('logical', node, right.getText(tree));
    } else if (!isText(node)) swap('arithmetic', operatorToken, ARITHMETIC);
    swap('boundary', operatorToken, BOUNDARY);
    swap('comparison', operatorToken, COMPARISON);
    swap('logical', operatorToken, LOGICAL);
  };
  const ofUnary = (node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): void => {
    const { operator, operand } = node;
    if (operator === ts.SyntaxKind.ExclamationToken) replace('boolean', node, operand.getText(tree));
    if (operator === ts.SyntaxKind.MinusToken) replace('arithmetic', node, `(${operand.getText(tree)})`);
    const step = { [ts.SyntaxKind.PlusPlusToken]: '--', [ts.SyntaxKind.MinusMinusToken]: '++' }[operator as number];
    if (step === undefined) return;
    const from = ts.isPrefixUnaryExpression(node) ? node.getStart(tree) : operand.end;
    replace('arithmetic', node, step, from, from + 2);
  };
  const ofCondition = (condition: ts.Expression, values: readonly string[]): void => {
    for (const value of values) replace('condition', condition, value);
  };
  const ofBranches = (node: ts.Node, one: ts.Node, other: ts.Node): void => {
    const between = text.slice(one.end, other.getStart(tree));
    const swapped = `${other.getText(tree)}${between}${one.getText(tree)}`;
    replace('branches', node, swapped, one.getStart(tree), other.end);
  };
  const ofCall = (node: ts.CallExpression): void => {
    const { expression: callee, arguments: passed } = node;
    if (!ts.isPropertyAccessExpression(callee)) return;
    swap('method', callee.name, METHODS);
    if (usesTensors) swap('method', callee.name, TENSOR_METHODS);
    const name = callee.name.text;
    const isOfModule = ['Math', 'tf'].includes(callee.expression.getText(tree));
    if (isOfModule && OF_ONE.includes(name) && passed.length === 1)
      replace('method', node, `(${passed[0].getText(tree)})`);
    if (usesTensors && !isOfModule && OF_ITSELF.includes(name) && passed.length === 0) {
      replace('method', node, callee.expression.getText(tree));
    }
    if (usesTensors && name === 'where' && passed.length === 3) ofBranches(node, passed[1], passed[2]);
  };
  const empty = (block: ts.Node | undefined): void => {
    if (block !== undefined && ts.isBlock(block) && block.statements.length > 0) replace('block', block, '{}');
  };

  const visit = (node: ts.Node): void => {
    if (isOutside(node)) return;
    if (ts.isBinaryExpression(node)) ofBinary(node);
    else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) ofUnary(node);
    else if (ts.isCallExpression(node)) ofCall(node);
    else if (ts.isNumericLiteral(node)) {
      const value = Number(node.text);
      replace('constant', node, `${value + 1}`);
      if (value !== 0 || !beginsLoop(node)) replace('constant', node, `${value - 1}`.replace(/^-.*/, '($&)'));
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) replace('boolean', node, 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) replace('boolean', node, 'true');
    else if (ts.isConditionalExpression(node)) {
      ofCondition(node.condition, ['true', 'false']);
      ofBranches(node, node.whenTrue, node.whenFalse);
    } else if (ts.isIfStatement(node)) {
      ofCondition(node.expression, ['true', 'false']);
      empty(node.elseStatement);
    } else if (ts.isWhileStatement(node)) ofCondition(node.expression, ['false']);
    else if (ts.isForStatement(node) || ts.isForOfStatement(node)) empty(node.statement);
    else if (ts.isExpressionStatement(node) && !node.expression.getText(tree).startsWith('super(')) {
      replace('statement', node, ';');
    } else if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) replace('statement', node, ';');
    else if (ts.isFunctionLike(node) && !ts.isConstructorDeclaration(node))
      empty((node as ts.FunctionDeclaration).body);
    ts.forEachChild(node, (child) => {
      if (!ts.isForStatement(node) || child !== node.incrementor) visit(child);
    });
  };
  visit(tree);
  return [...found.values()];
}

/** Whether a node is a type, an import or an export, which do not run. */
function isOutside(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node)
  );
}

/** `for (let i = 0; …`. At −1, reads are undefined and typed arrays ignore writes. */
function beginsLoop(node: ts.Node): boolean {
  return ts.isVariableDeclaration(node.parent) && ts.isForStatement(node.parent.parent.parent);
}

/** Whether a sum joins strings, as far as its form shows it. */
function isText(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  return ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right));
}

/** The lines from one position to another, as one line. */
function lineAt(text: string, from: number, to: number): string {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', to);
  const line = text
    .slice(start, end < 0 ? undefined : end)
    .trim()
    .replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}

/**
 * `count` mutants, spread evenly over the files: one of each file in turn. The choice within a file depends on seed and
 * change only, so edits elsewhere in the file do not change it.
 */
export function sample(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const byFile = new Map<string, Mutant[]>();
  for (const mutant of mutants) {
    const of = byFile.get(mutant.file);
    if (of === undefined) byFile.set(mutant.file, [mutant]);
    else of.push(mutant);
  }
  const rank = new Map(mutants.map((mutant) => [mutant, hash(`${seed} ${mutant.file} ${mutant.change}`)]));
  const by = (a: Mutant, b: Mutant) => (rank.get(a) as number) - (rank.get(b) as number);
  const queues = [...byFile.values()].map((of) => of.sort(by));
  const chosen: Mutant[] = [];
  for (let turn = 0; chosen.length < Math.min(count, mutants.length); turn++) {
    for (const queue of queues) if (turn < queue.length && chosen.length < count) chosen.push(queue[turn]);
  }
  return chosen;
}

/** A 32-bit hash of a text: FNV-1a and the final mix of murmur3. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
