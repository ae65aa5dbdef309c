// predict: the part of a model file that predictions need.
import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { sha256 } from '../core/sha256.js';
import { describe, formatShape } from '../core/shape.js';
import {
  assertChecksum,
  assertContiguous,
  floats,
  type Kind,
  NEWER,
  readHeader,
  readMetadata,
  readTensor,
} from './container.js';
import { type Check, isFiniteNumber, isPositive, isRecord, orNothing, POSITIVE, parseJson } from './json.js';

/** The parameters of o = xW + b, and the names of its columns. */
export interface PredictorContent extends Affine {
  /** The classes, in the order of the columns of W. */
  readonly classes: readonly Label[];
  /** d, features of a sample. */
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
}

export const MODEL: Kind = { format: 'softmax-regression', version: 2 };

/** The tensors of a file, in the order of their bytes in the checksum. Version 2 has other names, so that no reader of
 * version 1 takes its weights for those of raw features. */
export const TENSORS = {
  1: ['weight', 'bias'],
  2: ['scaled_weight', 'scaled_bias', 'column_center', 'column_factor'],
} as const;
/** What a reader of version 2 must know. Other lists are for later versions of this package. */
export const REQUIRES = '["columns"]';

/** Reads and checks what predictions need. For other metadata, only the checksum is checked. */
export function readModel(
  bytes: Uint8Array,
  check: Check,
  kind = MODEL,
): { content: PredictorContent; temperature: number | undefined; metadata: Record<string, string> } {
  const { header, start } = readHeader(bytes, check);
  const metadata = readMetadata(header, kind, check);
  const isScaled = metadata.version === '2';
  check(!isScaled || metadata.requires === REQUIRES, 'requires', `be ${REQUIRES}`, orNothing(metadata.requires), NEWER);
  const names = TENSORS[isScaled ? 2 : 1];
  const places = names.map((name, i) => readTensor(header, name, [i < 2 ? 'F32' : 'F64'], check));
  const { __metadata__: _, ...tensors } = header;
  const found = Object.keys(tensors);
  check(found.length === names.length, 'header', `name the tensors ${names.join(' and ')}`, found.join());
  const [numFeatures] = places[0].shape;
  const [q] = places[1].shape;
  places.forEach(({ shape }, i) => {
    const expected = formatShape([[numFeatures, q], [q]][i] ?? [numFeatures]);
    const fits = formatShape(shape) === expected && !shape.includes(0);
    check(fits, `${names[i]}.shape`, `be ${expected}, all > 0`, formatShape(shape));
  });
  assertContiguous(places, bytes.length - start, check);
  const parts = places.map((at) => bytes.subarray(start + at.start, start + at.end));
  assertChecksum(metadata.sha256, modelChecksum(metadata, parts), check);
  const [weight, bias, center, factor] = parts;
  // The values are of unknown type until they are checked.
  const value = (key: string): never => parseJson(metadata[key], key, check) as never;
  const valueIfAny = (key: string): undefined => (key in metadata ? value(key) : undefined);
  const temperature: number | undefined = valueIfAny('temperature');
  const linear = { weight: floats(weight, 'F32'), bias: floats(bias, 'F32') };
  const content: PredictorContent = {
    classes: value('classes'),
    ...(isScaled
      ? { ...linear, columns: { center: floats(center, 'F64'), factor: floats(factor, 'F64') } }
      : fold(linear, valueIfAny('standardization'), temperature, check)),
    numFeatures,
    featureNames: valueIfAny('featureNames'),
  };
  assertPredictorContent(content, check);
  return { content, temperature, metadata };
}

/** SHA-256 of the metadata without `sha256`, then the bytes of the tensors in the order of `TENSORS`. */
export function modelChecksum(metadata: Record<string, string>, tensors: readonly Uint8Array[]): string {
  const { sha256: _, ...rest } = metadata;
  const json = JSON.stringify(rest, Object.keys(rest).sort());
  return sha256([new TextEncoder().encode(json), ...tensors]);
}

/** Checks untrusted values against their types and the number of features and classes. */
export function assertPredictorContent(
  { classes, weight, bias, columns, numFeatures, featureNames }: PredictorContent,
  check: Check,
): void {
  const type = typeof classes?.[0];
  const isLabel = (x: unknown) => typeof x === type && (type === 'string' || type === 'boolean' || isFiniteNumber(x));
  const distinct = (holds: (item: unknown) => boolean) => {
    const seen = new Set<unknown>();
    return (item: unknown) => holds(item) && seen.size < seen.add(item).size;
  };
  const rule = 'be a string, a finite number or a boolean like the others, and occur once';
  assertList(classes, Math.max(bias.length, 2), 'classes', rule, check, distinct(isLabel));
  assertEach(weight, 'weight', FINITE, check, isFiniteNumber);
  assertEach(bias, 'bias', FINITE, check, isFiniteNumber);
  if (columns !== undefined) {
    assertEach(columns.center, 'columns.center', FINITE, check, isFiniteNumber);
    assertEach(columns.factor, 'columns.factor', POSITIVE, check, isPositive);
  }
  if (featureNames !== undefined) {
    const isName = distinct((name) => typeof name === 'string');
    assertList(featureNames, numFeatures, 'featureNames', 'be a string that occurs once', check, isName);
  }
}

const FINITE = 'be a finite number';

/**
 * Folds standardisation and temperature, which files of version 1 may store separately, into weight and bias. With
 * them, the input of W is (x − mean)/scale, and probabilities are softmax(o/T). The folded parameters are
 *
 *   Wⱼₖ/(scaleⱼ·T) and (bₖ − Σⱼ meanⱼ·Wⱼₖ/scaleⱼ)/T
 */
function fold(
  { weight, bias }: Affine,
  standardization: { readonly mean: readonly number[]; readonly scale: readonly number[] } | undefined,
  temperature = 1,
  check: Check,
): Affine {
  check(isPositive(temperature), 'temperature', POSITIVE, describe(temperature));
  const q = bias.length;
  const shift = Float64Array.from(bias);
  if (standardization !== undefined) {
    const argument = 'standardization';
    const d = weight.length / q;
    check(isRecord(standardization), argument, 'be { mean, scale }', describe(standardization));
    assertList(standardization.mean, d, `${argument}.mean`, FINITE, check, isFiniteNumber);
    assertList(standardization.scale, d, `${argument}.scale`, POSITIVE, check, isPositive);
  }
  const { mean, scale } = standardization ?? {};
  const folded = weight.map((w, i) => {
    const j = Math.floor(i / q);
    const deviation = scale?.[j] ?? 1;
    if (mean !== undefined) shift[i % q] -= (mean[j] / deviation) * w;
    return w / deviation / temperature;
  });
  return { weight: folded, bias: Float32Array.from(shift, (b) => b / temperature) };
}

export function assertList(
  list: unknown,
  length: number,
  argument: string,
  rule: string,
  check: Check,
  holds: (item: unknown) => boolean,
): void {
  const isList = Array.isArray(list) && list.length === length;
  check(isList, argument, `be a list of ${length}`, describe(list));
  assertEach(list, argument, rule, check, holds);
}

function assertEach(
  items: ArrayLike<unknown>,
  argument: string,
  rule: string,
  check: Check,
  holds: (item: unknown) => boolean,
): void {
  for (let i = 0; i < items.length; i++) {
    if (!holds(items[i])) check(false, `${argument}[${i}]`, rule, describe(items[i]));
  }
}
