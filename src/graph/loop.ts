// graph: recorded kernels as the body of a loop over batches of resident arrays.
import { type ResidentRows, writeBody } from './body.js';
import type { GraphEngine, WriteConstant } from './graph-def.js';
import { type LoopArray, LoopWriter } from './loop-writer.js';
import type { Recording } from './record.js';
import { type ValueCheck, writeCheck } from './value-checks.js';
import { XlaLoopWriter } from './xla-loop-writer.js';

export interface Loop {
  /** Inputs: state…, one tensor per array. Outputs: new state…, outputs of the step. */
  readonly body: Recording;
  readonly numState: number;
  readonly arrays: readonly LoopArray[];
  readonly batchSize: number;
  /** Whether an order selects the samples of a batch; otherwise they are consecutive. */
  readonly isOrdered: boolean;
  /** Largest number of batches in a run. */
  readonly most: number;
}

/** The tensor names that `runSavedModel` expects, in order. */
export interface LoopSignature {
  /** first sample, number of batches, order (if any), arrays…, variables…, state… */
  readonly inputs: string;
  /** outputs, [count, …] each…, state…, then one bool for each check */
  readonly outputs: string;
}

/**
 * A SavedModel that computes, for i = 0, …, count − 1:
 *
 *   rows ← order[first + i·B … first + i·B + B − 1];  state, outputs[i] ← body(state, arrays[rows]/scale)
 *
 * and whether every iteration obeyed each check. The loop uses the dataflow primitives (Enter, Merge, Switch, NextIteration, Exit), which need no function library and
 * no call per iteration.
 */
export function loopModel(
  loop: Loop,
  engine: GraphEngine,
  checks: readonly ValueCheck[],
): { bytes: Uint8Array; signature: LoopSignature } {
  const { body, numState } = loop;
  const isXla = engine === 'xla';
  const writer = isXla ? new XlaLoopWriter(loop) : new LoopWriter(loop);
  const { graph } = writer;
  const states = body.inputs.slice(0, numState).map((tensor, i) => writer.stateVariable(`state${i}`, tensor));
  const outputTensors = body.outputs.slice(numState);
  const outputs = outputTensors.map((tensor, i) => writer.outputVariable(`output${i}`, tensor));
  const valid = checks.map((_, i) => writer.flag(`valid${i}`));
  writer.condition();

  const nodes = new Map<number, string>();
  const given = [...states.map(({ now }) => now), ...writer.batch()];
  body.inputs.forEach(({ id }, i) => void nodes.set(id, given[i]));
  const resident = new Map<number, ResidentRows>();
  loop.arrays.forEach((_, i) => {
    const rows = writer.residentRows(i);
    if (rows !== undefined) resident.set(body.inputs[numState + i].id, rows);
  });
  const variables = body.variables.map((variable, i) => {
    const name = writer.input(`variable${i}`, variable.dtype, variable.shape);
    nodes.set(variable.id, `${name}/in`);
    return name;
  });
  const writeConstant: WriteConstant = (name, constant) => writer.loopConstant(name, constant);
  const names = writeBody(graph, body, { nodes, writeConstant, isOurs: !isXla, rows: resident });
  const nameOf = (id: number) => names.get(id) as string;
  const results = body.outputs.map(({ id }) => nameOf(id));

  states.forEach((state, i) => void writer.next(state, results[i]));
  outputs.forEach((output, i) => void writer.write(output, outputTensors[i], results[numState + i]));
  checks.forEach((check, i) => {
    const now = writeCheck(graph, `valid${i}/check`, check, nameOf(check.tensor.id), writeConstant);
    writer.next(valid[i], graph.node(`valid${i}/both`, 'LogicalAnd', [valid[i].now, now], {}));
  });
  writer.countOn();
  const stacked = outputs.map((output, i) => writer.stack(output, outputTensors[i]));
  const ends = [...states, ...valid].map((variable) => writer.end(variable));
  return {
    bytes: graph.savedModel(),
    signature: {
      inputs: [...writer.inputs, ...variables, ...states.map(({ name }) => name)].join(),
      outputs: [...stacked, ...ends].join(),
    },
  };
}
