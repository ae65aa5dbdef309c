// predict: the part of a model file that predictions need.
import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { sha256 } from '../core/sha256.js';
import { describe, formatShape } from '../core/shape.js';
import {
  assertChecksum,
  assertContiguous,
  float32,
  float64,
  type Kind,
  readHeader,
  readMetadata,
  readTensor,
  type TensorRule,
} from './container.js';
import { type Check, isFiniteNumber, isPositive, isRecord, orNothing, parseJson, sortedJson } from './json.js';

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

const FLOATS = (rank: number, dtype: 'F32' | 'F64' = 'F32'): TensorRule => ({
  dtypes: [dtype],
  shape: `be ${rank} integers > 0`,
  fits: (shape) => shape.length === rank && !shape.includes(0),
});

/** Reads and checks what predictions need. For other metadata, only the checksum is checked. */
export function readModel(
  bytes: Uint8Array,
  check: Check,
  kind = MODEL,
): { content: PredictorContent; temperature: number | undefined; metadata: Record<string, string> } {
  const { header, start } = readHeader(bytes, check);
  const metadata = readMetadata(header, kind, check);
  const isScaled = metadata.version === '2';
  const hint = 'A newer softmax-regression wrote the file: update the package.';
  check(!isScaled || metadata.requires === REQUIRES, 'requires', `be ${REQUIRES}`, orNothing(metadata.requires), hint);
  const expected = TENSORS[isScaled ? 2 : 1];
  const places = expected.map((name, i) =>
    readTensor(header, name, FLOATS(i === 0 ? 2 : 1, i < 2 ? 'F32' : 'F64'), check),
  );
  const names = Object.keys(header)
    .filter((name) => name !== '__metadata__')
    .sort()
    .join();
  const all = [...expected].sort();
  check(names === all.join(), 'header', `name the tensors ${all.join(' and ')}`, names);
  const [weightAt, biasAt, ...others] = places;
  const [numFeatures, q] = weightAt.shape;
  check(q === biasAt.shape[0], `${expected[0]}.shape`, `be [features, ${biasAt.shape}]`, formatShape(weightAt.shape));
  others.forEach(({ shape }, i) => {
    check(shape[0] === numFeatures, `${expected[i + 2]}.shape`, `be [${numFeatures}]`, formatShape(shape));
  });
  assertContiguous(places, bytes.length - start, check);
  const parts = places.map((at) => bytes.subarray(start + at.start, start + at.end));
  assertChecksum(metadata.sha256, modelChecksum(metadata, parts), check);
  const [weight, bias, center, factor] = parts;
  // The values are of unknown type until they are checked.
  const value = (key: string): never => parseJson(metadata[key], key, check) as never;
  const valueIfAny = (key: string): undefined => (key in metadata ? value(key) : undefined);
  const temperature: number | undefined = valueIfAny('temperature');
  const content: PredictorContent = {
    classes: value('classes'),
    ...(isScaled
      ? {
          weight: float32(weight),
          bias: float32(bias),
          columns: { center: float64(center), factor: float64(factor) },
        }
      : fold(float32(weight), float32(bias), valueIfAny('standardization'), temperature, check)),
    numFeatures,
    featureNames: valueIfAny('featureNames'),
  };
  assertPredictorContent(content, check);
  return { content, temperature, metadata };
}

/** SHA-256 of the metadata without `sha256`, then the bytes of the tensors in the order of `TENSORS`. */
export function modelChecksum(metadata: Record<string, string>, tensors: readonly Uint8Array[]): string {
  const { sha256: _, ...rest } = metadata;
  return sha256([new TextEncoder().encode(sortedJson(rest)), ...tensors]);
}

/** Checks untrusted values against their types and the number of features and classes. */
export function assertPredictorContent(
  { classes, weight, bias, columns, numFeatures, featureNames }: PredictorContent,
  check: Check,
): void {
  const type = typeof classes?.[0];
  const isLabel = (x: unknown) => typeof x === type && (type === 'string' || type === 'boolean' || isFiniteNumber(x));
  const labels = new Set<unknown>();
  const isNew = (label: unknown) => labels.size < labels.add(label).size;
  const rule = 'be a string, a finite number or a boolean like the others';
  assertList(classes, Math.max(bias.length, 2), 'classes', rule, check, isLabel);
  assertEach(classes, 'classes', 'differ from the labels before it', check, isNew);
  assertEach(weight, 'weight', FINITE, check, isFiniteNumber);
  assertEach(bias, 'bias', FINITE, check, isFiniteNumber);
  if (columns !== undefined) {
    assertEach(columns.center, 'columns.center', FINITE, check, isFiniteNumber);
    assertEach(columns.factor, 'columns.factor', `${FINITE} > 0`, check, isPositive);
  }
  if (featureNames !== undefined) {
    assertList(featureNames, numFeatures, 'featureNames', 'be a string', check, (name) => typeof name === 'string');
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
  weight: Float32Array,
  bias: Float32Array,
  standardization: { readonly mean: readonly number[]; readonly scale: readonly number[] } | undefined,
  temperature = 1,
  check: Check,
): Affine {
  const positive = `${FINITE} > 0`;
  check(isPositive(temperature), 'temperature', positive, describe(temperature));
  const q = bias.length;
  const shift = Float64Array.from(bias);
  let divisor = (_: number) => 1;
  if (standardization !== undefined) {
    const argument = 'standardization';
    check(isRecord(standardization), argument, 'be { mean, scale }', describe(standardization));
    const { mean, scale } = standardization;
    const d = weight.length / q;
    assertList(mean, d, `${argument}.mean`, FINITE, check, isFiniteNumber);
    assertList(scale, d, `${argument}.scale`, positive, check, isPositive);
    divisor = (i) => scale[Math.floor(i / q)];
    for (let i = 0; i < weight.length; i++) shift[i % q] -= (mean[Math.floor(i / q)] / divisor(i)) * weight[i];
  }
  return {
    weight: weight.map((w, i) => w / divisor(i) / temperature),
    bias: Float32Array.from(shift, (b) => b / temperature),
  };
}

function assertList(
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
