// node: compiled functions on disk, for other programs.
import { join } from 'node:path';
import type { Compiled } from '../compile/compile.js';
import { writeFileAtomic } from './files.js';

/**
 * Writes a compiled function as a SavedModel, which Python's TensorFlow loads and runs: the graph for arguments of these
 * shapes and types, captured variables at their present values. What else is in the folder stays.
 *
 * Its signature is `serving_default`; a tensor is called by where it stands: `arg_0_weight` is `weight` in the first
 * argument, `output_loss` is `loss` in the result, `output` the result itself.
 *
 * @param folder made if it is not there; `saved_model.pb` in it is replaced in one move
 * @throws BackendError where TensorFlow is not in use or the folder cannot be written to, and what a call would throw
 * @see docs/compile.md
 */
export async function saveCompiled<Arguments extends readonly object[]>(
  folder: string,
  compiled: Compiled<Arguments, object>,
  ...args: Arguments
): Promise<void> {
  const bytes = compiled.toSavedModel(...args);
  await writeFileAtomic(join(folder, 'saved_model.pb'), bytes);
}
