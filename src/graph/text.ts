// graph: a recording as text, one kernel per line.
import { asNode } from './body.js';
import { formatNative, type NativeTensor } from './native-backend.js';
import type { Recording } from './record.js';

/** Constants up to this number of bytes are printed: four numbers. */
const SHORT = 16;

/**
 * A recording in readable form:
 *
 *   step: 2 inputs, 3 kernels
 *     %0 = input [0] : float32[3]
 *     %2 = Mul(%0, %1) : float32[3]
 *     return %2
 *
 * @param note the end of the first line
 */
export function formatRecording(
  name: string,
  recording: Recording,
  inputPaths: readonly string[],
  note: string,
): string {
  const { inputs, variables, constants, kernels, outputs } = recording;
  const numbers = new Map<number, string>();
  const number = ({ id }: NativeTensor) => {
    if (!numbers.has(id)) numbers.set(id, `%${numbers.size}`);
    return numbers.get(id) as string;
  };
  const refer = (id: number) => numbers.get(id) ?? '?';
  const lines = [
    ...inputs.map((input, i) => `${number(input)} = input ${inputPaths[i]} : ${formatNative(input)}`),
    ...variables.map((each) => `${number(each)} = variable ${each.variable.name} : ${formatNative(each)}`),
    ...constants.map((each) => `${number(each)} = constant${shortValues(each)} : ${formatNative(each)}`),
    ...kernels.map((kernel) => {
      const { op, attributes } = asNode(kernel);
      const options = attributes
        .filter(({ name }) => !/^T|^(Src|Dst|Index|out_?)T?/.test(name))
        .map(({ name, value }) => `${name}=${Array.isArray(value) ? `[${value.join(', ')}]` : value}`);
      const made = kernel.outputs.map(number).join(', ');
      const types = kernel.outputs.map(formatNative).join(', ');
      return `${made} = ${op}(${[...kernel.inputs.map(({ id }) => refer(id)), ...options].join(', ')}) : ${types}`;
    }),
    `return ${outputs.map(({ id }) => refer(id)).join(', ')}`,
  ];
  const size = `${count(inputs.length, 'input')}, ${count(kernels.length, 'kernel')}`;
  return [`${name}: ${size}${note}`, ...lines].join('\n  ');
}

function shortValues({ values, dtype }: { readonly values: Uint8Array; readonly dtype: number }): string {
  if (values.byteLength === 0 || values.byteLength > SHORT) return '';
  // TensorFlow's type codes of float32 and int32; other types are bytes.
  const { buffer } = values;
  const numbers = dtype === 1 ? new Float32Array(buffer) : dtype === 3 ? new Int32Array(buffer) : values;
  return ` ${[...numbers].map((value) => String(Number(value.toPrecision(7)))).join(', ')}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
