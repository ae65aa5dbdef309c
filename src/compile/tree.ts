// compile: conversion between tensors in nested arrays and objects and a list.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { describe, formatShape } from '../core/shape.js';

/** Marks the position of a tensor in nested arrays and objects. */
const LEAF = Symbol('a tensor');

/** Nested arrays and objects with their tensors replaced by a marker. */
export type Structure = typeof LEAF | readonly Structure[] | { readonly [name: string]: Structure };

/** A tensor of a structure and its position: `[0].weight`. */
export interface Leaf {
  readonly path: string;
  readonly tensor: tf.Tensor;
}

/** Nested arrays and plain objects of tensors, flattened. */
export interface Flat {
  /** Objects in alphabetical order of their keys, so that equal structures give equal lists. */
  readonly leaves: readonly Leaf[];
  readonly structure: Structure;
  /** Structure, shapes and types as text. Arguments with equal keys can use the same graph. */
  readonly key: string;
}

/**
 * Flattens nested arrays and plain objects of tensors.
 *
 * @param where and `argument` begin the error messages
 * @throws DomainError if a leaf is not a live tensor
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
    // In the original order of the keys, so that the result has the order of the input.
    return Object.fromEntries(Object.keys(node).map((name) => [name, parts.get(name) as Structure]));
  };
  const structure = visit(tree, '');
  return { leaves, structure, key: keys.join('') };
}

/** The tensors of nested arrays and objects, in the order of their leaves. */
export function tensorsOf({ leaves }: Flat): tf.Tensor[] {
  return leaves.map(({ tensor }) => tensor);
}

/** The inverse of `flatten`. */
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
  // Includes the plain objects of other realms, such as jest's.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function wrongLeaf(where: string, argument: string, path: string, actual: string): DomainError {
  return new DomainError({
    where,
    argument: `${argument}${path}`,
    expected: 'be a tensor, or an array or plain object of tensors',
    actual,
    hint: typeof actual === 'string' && /^-?\d/.test(actual) ? 'Pass numbers as tensors: tf.scalar(x).' : undefined,
  });
}
