// serialization: export of a model to ONNX, for other runtimes.
import protobuf from 'protobufjs/minimal.js';
import type { Columns } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertLabels, type Label } from '../core/labels.js';
import { assertKnownOptions, assertList, assertObject, describe, formatShape } from '../core/shape.js';
import { VERSION } from '../core/version.js';
import { littleEndian } from './container.js';

/** The model to export: a `SoftmaxRegression`, or any object with weight, bias and classes. */
export interface OnnxSource {
  readonly classes: readonly Label[];
  /** d */
  readonly numFeatures: number;
  /** W as rows, [d, q]. */
  readonly weight: readonly ArrayLike<number>[];
  /** b, [q]. */
  readonly bias: ArrayLike<number>;
  readonly featureNames?: readonly string[];
  /** How the model standardises columns, if it does. */
  readonly columns?: Columns;
}

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /** One for each feature; the names in the model by default. */
  readonly featureNames?: readonly string[];
  /** Name of the graph; `softmax-regression` by default. */
  readonly name?: string;
}

/** ONNX 1.8 (2020): the operator set with the current definition of Softmax, and the IR version of that release. */
const OPSET = 13;
const IR_VERSION = 7;

/** The limit of a protobuf file is 2 GiB; 16 MiB are reserved for everything except the weights. */
const MAX_VALUES = 2 ** 29 - 2 ** 22;

/** TensorProto.DataType. */
const TYPES = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;
type ElementType = keyof typeof TYPES;

/** AttributeProto.AttributeType.INT. */
const INT_ATTRIBUTE = 2;

/**
 * A model as an ONNX file.
 *
 *   features, float [N, d] → Gemm with W, b → logits → Softmax → probabilities, float [N, q]
 *                                               → ArgMax → Gather from the classes → label [N]
 *
 * For a model with `columns`, `features` is double, and Sub of the centers, Mul by the factors, Clip to ±1e30 and Cast to
 * float come before Gemm.
 *
 * `label` has the type of the classes: string, int64 (double if a class is not an integer) or bool. It is the first of
 * equally probable classes. All operators are in the standard domain, so every runtime supports them. Names and order
 * of the outputs are those of skl2onnx without ZipMap. `metadata_props` contains `classes` and, if known,
 * `feature_names`, both as JSON.
 *
 * Opset 13, IR version 7 (ONNX 1.8). protobufjs' Writer writes it with the field numbers of onnx.proto. No code is
 * generated at run time, so a content security policy needs no `unsafe-eval`.
 *
 * @throws ShapeError if the sizes of weight, bias, classes and names differ; DomainError for a number that is not
 *         finite, or for more than 2 GiB
 * @example writeFileSync('iris.onnx', toOnnx(model))
 * @see ONNX, onnx.proto and Operators.md; test/golden/onnx-check.py, which runs the ONNX checker and onnxruntime on it
 */
export function toOnnx(model: OnnxSource, options: OnnxOptions = {}): Uint8Array {
  const where = 'toOnnx';
  assertKnownOptions(options, ['featureNames', 'name'], where);
  assertObject(model, where, 'model', 'be a model');
  assertList(model.classes, where, 'model.classes', 'be an array of labels');
  const { featureNames = model.featureNames, name = 'softmax-regression' } = options;
  const { classes, numFeatures: d, columns } = model;
  const q = classes.length;
  assertModel(model, featureNames, where);
  if (typeof name !== 'string' || name === '' || /\p{Surrogate}/u.test(name)) {
    throw new DomainError({ where, argument: 'name', expected: 'be a name', actual: describe(name) });
  }
  const labels = labelTensor(classes, where);
  const metadata = [
    ['classes', JSON.stringify(classes)],
    ...(featureNames === undefined ? [] : [['feature_names', JSON.stringify(featureNames)]]),
  ];
  const graph = (writer: protobuf.Writer) => {
    if (columns !== undefined) {
      nested(writer, 1, node('Sub', ['features', 'center'], 'centered'));
      nested(writer, 1, node('Mul', ['centered', 'factor'], 'unlimited'));
      nested(writer, 1, node('Clip', ['unlimited', 'lowest', 'highest'], 'limited'));
      nested(writer, 1, node('Cast', ['limited'], 'standardized', { to: TYPES.float }));
    }
    const input = columns === undefined ? 'features' : 'standardized';
    nested(writer, 1, node('Gemm', [input, 'weight', 'bias'], 'logits'));
    nested(writer, 1, node('Softmax', ['logits'], 'probabilities', { axis: 1 }));
    nested(writer, 1, node('ArgMax', ['logits'], 'class', { axis: 1, keepdims: 0 }));
    nested(writer, 1, node('Gather', ['classes', 'class'], 'label', { axis: 0 }));
    text(writer, 2, name);
    nested(writer, 5, tensor('weight', [d, q], 'float', floats(model.weight)));
    nested(writer, 5, tensor('bias', [q], 'float', floats([model.bias])));
    nested(writer, 5, tensor('classes', [q], labels.type, labels.values));
    if (columns !== undefined) {
      nested(writer, 5, tensor('center', [d], 'double', littleEndian(columns.center)));
      nested(writer, 5, tensor('factor', [d], 'double', littleEndian(columns.factor)));
      nested(writer, 5, tensor('lowest', [], 'double', littleEndian(Float64Array.of(-1e30))));
      nested(writer, 5, tensor('highest', [], 'double', littleEndian(Float64Array.of(1e30))));
    }
    nested(writer, 11, value('features', columns === undefined ? 'float' : 'double', ['N', d]));
    nested(writer, 12, value('label', labels.type, ['N']));
    nested(writer, 12, value('probabilities', 'float', ['N', q]));
  };
  const writer = protobuf.Writer.create();
  integer(writer, 1, IR_VERSION);
  text(writer, 2, 'softmax-regression');
  text(writer, 3, VERSION);
  nested(writer, 7, graph);
  nested(writer, 8, (opset) => integer(opset, 2, OPSET));
  for (const [key, content] of metadata) {
    nested(writer, 14, (entry) => {
      text(entry, 1, key);
      text(entry, 2, content);
    });
  }
  // In Node the Writer returns a Buffer.
  return new Uint8Array(writer.finish());
}

type Write = (writer: protobuf.Writer) => void;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function integer(writer: protobuf.Writer, field: number, number: number): void {
  writer.uint32((field << 3) | VARINT).int64(number);
}

function text(writer: protobuf.Writer, field: number, content: string): void {
  writer.uint32((field << 3) | LENGTH_DELIMITED).string(content);
}

function nested(writer: protobuf.Writer, field: number, write: Write): void {
  writer.uint32((field << 3) | LENGTH_DELIMITED).fork();
  write(writer);
  writer.ldelim();
}

/** NodeProto. */
function node(type: string, inputs: readonly string[], output: string, attributes: Record<string, number> = {}): Write {
  return (writer) => {
    for (const input of inputs) text(writer, 1, input);
    text(writer, 2, output);
    text(writer, 3, type);
    text(writer, 4, type);
    for (const [name, number] of Object.entries(attributes)) {
      nested(writer, 5, (attribute) => {
        text(attribute, 1, name);
        integer(attribute, 3, number);
        integer(attribute, 20, INT_ATTRIBUTE);
      });
    }
  };
}

/** TensorProto: numbers as raw little-endian bytes, strings individually. */
function tensor(
  name: string,
  shape: readonly number[],
  type: ElementType,
  values: Uint8Array | readonly string[],
): Write {
  return (writer) => {
    for (const size of shape) integer(writer, 1, size);
    integer(writer, 2, TYPES[type]);
    if (values instanceof Uint8Array) writer.uint32((9 << 3) | LENGTH_DELIMITED).bytes(values);
    else for (const string of values) text(writer, 6, string);
    text(writer, 8, name);
  };
}

/** ValueInfoProto; a named size is variable. */
function value(name: string, type: ElementType, shape: readonly (string | number)[]): Write {
  const dimensions: Write = (writer) => {
    for (const size of shape) {
      nested(writer, 1, (dimension) => {
        if (typeof size === 'string') text(dimension, 2, size);
        else integer(dimension, 1, size);
      });
    }
  };
  return (writer) => {
    text(writer, 1, name);
    nested(writer, 2, (typeProto) =>
      nested(typeProto, 1, (tensorType) => {
        integer(tensorType, 1, TYPES[type]);
        nested(tensorType, 2, dimensions);
      }),
    );
  };
}

function floats(rows: readonly ArrayLike<number>[]): Uint8Array {
  const width = rows[0].length;
  const bytes = new Uint8Array(4 * rows.length * width);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, i) => {
    for (let k = 0; k < width; k++) view.setFloat32(4 * (i * width + k), row[k], true);
  });
  return bytes;
}

/** The classes as a tensor of their own type. */
function labelTensor(
  classes: readonly Label[],
  where: string,
): { type: ElementType; values: Uint8Array | readonly string[] } {
  const broken = classes.findIndex((label) => typeof label === 'string' && /\p{Surrogate}/u.test(label));
  if (broken >= 0) {
    const expected = 'be well-formed Unicode, without a lone surrogate: the strings of ONNX are UTF-8';
    throw new DomainError({ where, argument: `classes[${broken}]`, expected, actual: describe(classes[broken]) });
  }
  if (typeof classes[0] === 'string') return { type: 'string', values: classes as readonly string[] };
  if (typeof classes[0] === 'boolean') return { type: 'bool', values: Uint8Array.from(classes, Number) };
  const bytes = new Uint8Array(8 * classes.length);
  const view = new DataView(bytes.buffer);
  if (classes.every(Number.isSafeInteger)) {
    classes.forEach((label, k) => {
      view.setBigInt64(8 * k, BigInt(label), true);
    });
    return { type: 'int64', values: bytes };
  }
  classes.forEach((label, k) => {
    view.setFloat64(8 * k, Number(label), true);
  });
  return { type: 'double', values: bytes };
}

function assertModel(model: OnnxSource, featureNames: readonly string[] | undefined, where: string): void {
  const { classes, numFeatures: d, weight, bias, columns } = model;
  const q = classes.length;
  assertLabels(classes, where, 'classes');
  const shape = [weight.length, weight[0]?.length ?? 0];
  if (shape[0] !== d || d === 0 || q === 0 || weight.some((row) => row.length !== q)) {
    const expected = `have shape ${formatShape([d, q])}, features and classes, both > 0`;
    throw new ShapeError({ where, argument: 'weight', expected, actual: formatShape(shape) });
  }
  if (bias.length !== q) {
    const expected = `have shape ${formatShape([q])}`;
    throw new ShapeError({ where, argument: 'bias', expected, actual: formatShape([bias.length]) });
  }
  if (d * q > MAX_VALUES) {
    const expected = `have at most ${MAX_VALUES} numbers, the limit of a protobuf file of 2 GiB`;
    throw new DomainError({ where, argument: 'weight', expected, actual: String(d * q) });
  }
  for (const [name, numbers] of Object.entries({ center: columns?.center, factor: columns?.factor })) {
    if (numbers === undefined) continue;
    if (numbers.length !== d) {
      const expected = `have shape ${formatShape([d])}`;
      throw new ShapeError({ where, argument: `columns.${name}`, expected, actual: formatShape([numbers.length]) });
    }
    const bad = numbers.findIndex((each) => !Number.isFinite(each));
    if (bad >= 0) {
      const argument = `columns.${name}[${bad}]`;
      throw new DomainError({ where, argument, expected: 'be a finite number', actual: describe(numbers[bad]) });
    }
  }
  [...weight, bias].forEach((row, i) => {
    for (let k = 0; k < q; k++) {
      if (Number.isFinite(Math.fround(row[k]))) continue;
      const argument = i < d ? `weight[${i}][${k}]` : `bias[${k}]`;
      throw new DomainError({ where, argument, expected: 'be a finite float32 number', actual: describe(row[k]) });
    }
  });
  const isNames = Array.isArray(featureNames) && featureNames.every((name) => typeof name === 'string');
  if (featureNames !== undefined && (!isNames || featureNames.length !== d)) {
    const expected = `be ${d} names, one for each feature`;
    throw new ShapeError({ where, argument: 'featureNames', expected, actual: describe(featureNames) });
  }
}
