// compile: tensors in nested arrays and objects, as a list and back.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { describe, formatShape } from '../core/shape.js';

/** Where a tensor stands in nested arrays and objects. */
const LEAF = Symbol('a tensor');

/** Nested arrays and objects without their tensors: what is left of a structure when the values change. */
export type Structure = typeof LEAF | readonly Structure[] | { readonly [name: string]: Structure };

/** A tensor of a structure, and where it stands: `[0].weight`. */
export interface Leaf {
  readonly path: string;
  readonly tensor: tf.Tensor;
}

/** Nested arrays and plain objects of tensors, taken apart. */
export interface Flat {
  /** Objects in the alphabetical order of their keys, so that two that are alike give the same list. */
  readonly leaves: readonly Leaf[];
  readonly structure: Structure;
  /** Structure, shapes and types in one text: the same for what one graph can serve. */
  readonly key: string;
}

/**
 * Takes nested arrays and plain objects of tensors apart.
 *
 * @param where and `argument` begin the error messages
 * @throws DomainError where something else than a live tensor, an array or a plain object stands
 */
export function flatten(tree: unknown, where: string, argument: string): Flat {
  const leaves: Leaf[] = [];
  const keys: string[] = [];
  const visit = (node: unknown, path: string): Structure => {
    if (node instanceof tf.Tensor) {
      if (node.isDisposed) throw wrongLeaf(where, argument, path, 'a disposed tensor');
      leaves.push({ path, tensor: node });
      keys.push(formatType(node));
      return LEAF;
    }
    if (Array.isArray(node)) {
      keys.push('(');
      const parts = node.map((part, i) => visit(part, `${path}[${i}]`));
      keys.push(')');
      return parts;
    }
    if (!isPlainObject(node)) throw wrongLeaf(where, argument, path, describe(node));
    keys.push('{');
    const parts = new Map<string, Structure>();
    for (const name of Object.keys(node).sort()) {
      keys.push(JSON.stringify(name));
      parts.set(name, visit(node[name], `${path}.${name}`));
    }
    keys.push('}');
    // In the order in which they were written: what comes back looks like what went in.
    return Object.fromEntries(Object.keys(node).map((name) => [name, parts.get(name) as Structure]));
  };
  const structure = visit(tree, '');
  return { leaves, structure, key: keys.join('') };
}

/** The tensors of nested arrays and objects, in the order of their leaves. */
export function tensorsOf({ leaves }: Flat): tf.Tensor[] {
  return leaves.map(({ tensor }) => tensor);
}

/** The opposite of `flatten`. */
export function unflatten(structure: Structure, tensors: readonly tf.Tensor[]): unknown {
  let at = 0;
  const build = (node: Structure): unknown => {
    if (node === LEAF) return tensors[at++];
    if (Array.isArray(node)) return node.map(build);
    const parts = node as { readonly [name: string]: Structure };
    const built = new Map(
      Object.keys(parts)
        .sort()
        .map((name) => [name, build(parts[name])]),
    );
    return Object.fromEntries(Object.keys(parts).map((name) => [name, built.get(name)]));
  };
  return build(structure);
}

/** `float32[256, 10]` */
export function formatType({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype}${formatShape(shape)}`;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Also the plain objects of another realm, such as jest's.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function wrongLeaf(where: string, argument: string, path: string, actual: string): DomainError {
  return new DomainError({
    where,
    argument: `${argument}${path}`,
    expected: 'be a tensor, or an array or plain object of tensors',
    actual,
    hint: typeof actual === 'string' && /^-?\d/.test(actual) ? 'Numbers go in as tensors: tf.scalar(x).' : undefined,
  });
}
