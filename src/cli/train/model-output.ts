// cli: where `train` puts its model: as soon as it is trained, so that nothing that follows can lose it.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BackendError, isSoftmaxRegressionError, printable } from '../../core/errors.js';
import { type Saveable, saveModel } from '../../node/model-files.js';
import { writeResult } from '../destination.js';
import { STDOUT } from '../files.js';

type Model = Exclude<Saveable, Uint8Array>;

export class ModelOutput {
  readonly #path: string | undefined;
  /** The model that only `finish` or a failure writes: standard output takes one. */
  #pending: Model | undefined;
  #isWritten = false;
  #isFinal = false;

  /** @param path a file, or - for standard output; undefined to save no model */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Writes a model that a later one may replace. */
  async keep(model: Model): Promise<void> {
    if (this.#path === STDOUT) this.#pending = model;
    else await this.#write(model);
  }

  /** Writes the final model. */
  async finish(model: Model): Promise<void> {
    this.#pending = undefined;
    await this.#write(model);
    this.#isFinal = true;
  }

  /** After a failure: writes the model that was kept, if none is written, and says where it is. */
  async rescue(): Promise<string | undefined> {
    if (this.#pending !== undefined) await this.#write(this.#pending);
    if (!this.#isWritten) return undefined;
    const place = this.#path === STDOUT ? 'written to standard output' : `saved in ${printable(this.#path ?? '')}`;
    return `The model is ${place}${this.#isFinal ? '' : ', without calibration'}.`;
  }

  async #write(model: Model): Promise<void> {
    if (this.#path === undefined) return;
    const path = this.#path;
    const written = path === STDOUT ? writeResult(path, model.toBytes()) : saveModel(path, model);
    await written.catch((cause) => saveElsewhere(path === STDOUT ? 'model.safetensors' : path, model, cause));
    this.#isWritten = true;
  }
}

/**
 * Saves a model in the temporary folder, because its own file cannot be written.
 *
 * @throws the error, which then says where the model is
 */
async function saveElsewhere(path: string, model: Model, cause: unknown): Promise<never> {
  if (!isSoftmaxRegressionError(cause)) throw cause;
  const { where, argument, expected, actual } = cause;
  let file: string;
  try {
    file = join(await mkdtemp(join(tmpdir(), 'softmax-regression-')), basename(path));
    await writeFile(file, model.toBytes());
  } catch {
    throw cause;
  }
  throw new BackendError({ where, argument, expected, actual, hint: `The model is saved in ${file} instead.`, cause });
}
