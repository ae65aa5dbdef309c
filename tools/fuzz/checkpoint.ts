// Checkpoints: accepted content has a valid checksum, and a fit resumed from it ends with finite numbers or an error.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { Random } from '../../src/core/random.js';
import { sortedJson } from '../../src/predict/json.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/training/checkpoint/file.js';
import { FITS, resumableFit } from './fits.js';
import { assertPlain, refusalOf, Violation } from './guard.js';
import { forgedHeader, join, type Parts, SHAPES, split, VALUES } from './header.js';
import { chance, mutate, pick, TOKENS } from './mutate.js';
import { corpus, found, type Target } from './target.js';

const FILES = [...corpus('checkpoint').values()];

/** The checksums of signed contents. */
const signed = new Set([...FILES, ...found('checkpoint').values()].map((file) => split(file).sha256));

export const checkpoint: Target = {
  name: 'checkpoint',
  make: (random) => {
    const bytes = pick(FILES, random);
    return chance(0.6, random) ? forge(bytes, random) : mutate(bytes, FILES, random);
  },
  check: async (bytes) => {
    const content = await decodeCheckpoint(bytes, 'fuzz');
    if (!signed.has(split(bytes).sha256)) throw new Violation('it accepts unsigned content');
    for (const part of [content.state, content.options, content.data, content.environment]) assertPlain(part);
    const again = await decodeCheckpoint(await encodeCheckpoint(content), 'fuzz');
    if (!isDeepStrictEqual(again, content)) throw new Violation('it does not read back what it writes');
    await resume(bytes);
  },
};

/** Tries to resume every fit, because the fit of a checkpoint is unknown. If all refuse, throws the last refusal. */
async function resume(bytes: Uint8Array): Promise<void> {
  const { numTensors } = tf.memory();
  let refusal: unknown;
  for (const name of Object.keys(FITS)) {
    const ended = await resumableFit(name, { resume: bytes }).then(
      ({ model, result: { reason, objective } }) => {
        // A training with huge weights reports that it diverged.
        const loss = reason === 'diverged' ? [] : [objective];
        return [...model.weight.flatMap((row) => [...row]), ...model.bias, ...loss];
      },
      (error: unknown) => {
        refusalOf(error, []);
        refusal = error;
      },
    );
    if (tf.memory().numTensors !== numTensors) throw new Violation('tensors are left');
    if (ended === undefined) continue;
    if (!ended.every(Number.isFinite)) throw new Violation('a fit resumed from it has numbers that are not finite');
    return;
  }
  throw refusal;
}

const STATES = ['epoch', 'step', 'random', 'bestEpoch', 'phase', 'iterations', 'evaluations', 'stalled', 'more'];

/** Changes the content and mostly signs it, so that only the change itself can be refused. */
function forge(bytes: Uint8Array, random: Random): Uint8Array {
  const { text, data } = split(bytes);
  const header = JSON.parse(text) as Parts['header'];
  const numbers = chance(0.4, random) ? mutate(data, [data], random) : data;
  const times = random.below(3) + (numbers === data ? 1 : 0);
  for (let i = 0; i < times; i++) change(header, random);
  if (chance(0.9, random)) sign(header, numbers);
  return join(forgedHeader(header, random), numbers, random);
}

function change(header: Parts['header'], random: Random): void {
  const { __metadata__: metadata, ...tensors } = header;
  const tensor = pick(Object.keys(tensors), random);
  const part = pick(['state', 'state', 'options', 'data', 'environment'], random);
  switch (random.below(6)) {
    case 0:
      Object.assign(tensors[tensor] as object, { [pick(['shape', 'data_offsets'], random)]: pick(SHAPES, random) });
      break;
    case 1:
      Reflect.deleteProperty(header, tensor);
      break;
    case 2:
      Object.assign(header, { [pick([...Object.keys(tensors), 'more', 'constructor'], random)]: tensors[tensor] });
      break;
    case 3:
      metadata[part] = chance(0.2, random) ? '['.repeat(2 ** random.below(18)) : pick([...TOKENS, ...VALUES], random);
      break;
    default: {
      const value = /^[[{]/.test(String(metadata[part])) ? safely(String(metadata[part])) : undefined;
      if (value === undefined) return;
      const key = pick(part === 'state' ? STATES : [...Object.keys(value), 'more'], random);
      if (chance(0.2, random)) Reflect.deleteProperty(value, key);
      else Object.defineProperty(value, key, { value: safely(pick(VALUES, random)), enumerable: true });
      metadata[part] = sortedJson(value);
    }
  }
}

function safely(text: string): Record<string, never> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same as `digestOf` for content in one slice. */
function sign(header: Parts['header'], data: Uint8Array): void {
  const { sha256: _, ...rest } = header.__metadata__;
  const sum = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const text = sortedJson({ ...header, __metadata__: rest });
  const sha256 = sum(`${sum(text)}\n${data.length === 0 ? '' : sum(data)}`);
  header.__metadata__.sha256 = sha256;
  signed.add(sha256);
}
