// node: writes compiled functions to disk for other programs.

import { join } from 'node:path';
import type { Compiled } from '../compile/compile.js';
import { DomainError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { writeFileAtomic } from './atomic-writer.js';
import { assertPath } from './files.js';

/**
 * Writes a compiled function as a SavedModel, which TensorFlow in Python can load and run. It contains the graph for
 * arguments of these shapes and types, with the current values of captured variables. Other files in the folder stay.
 *
 * The signature is `serving_default`. Tensors are named by their position: `arg_0_weight` is `weight` in the first
 * argument, `output_loss` is `loss` in the result, `output` is the result itself.
 *
 * @param folder created if it does not exist; its `saved_model.pb` is replaced atomically
 * @throws BackendError if TensorFlow is not in use or the folder is not writable, and the errors of a call
 * @see docs/compile.md
 */
export async function saveCompiled<Arguments extends readonly object[]>(
  folder: string,
  compiled: Compiled<Arguments, object>,
  ...args: Arguments
): Promise<void> {
  assertPath(folder, 'saveCompiled');
  if (typeof compiled !== 'function' || typeof compiled.toSavedModel !== 'function') {
    const expected = 'be a function of compile';
    throw new DomainError({ where: 'saveCompiled', argument: 'compiled', expected, actual: describe(compiled) });
  }
  const bytes = compiled.toSavedModel(...args);
  await writeFileAtomic(join(folder, 'saved_model.pb'), bytes);
}
