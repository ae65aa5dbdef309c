// graph: a recorded function as one graph, executed in one call.
import * as tf from '@tensorflow/tfjs';
import type { FlatFunction, LoadedGraph, Tracer } from '../compile/compile.js';
import { type WriteConstant, writeBody } from './body.js';
import { GraphDef, type Signature } from './graph-def.js';
import { loadSavedModel } from './load.js';
import { type Binding, type NativeTensor, nativeBackend } from './native-backend.js';
import { isRecording, liveVariables, type Recording, record } from './record.js';
import { formatRecording } from './text.js';

/** Compiled functions as TensorFlow graphs. */
export const nativeTracer: Tracer = {
  isReady: () => tf.getBackend() === 'tensorflow' && !isRecording(),
  trace(fn, inputs) {
    const recording = record(fn.name, fn.run, inputs);
    return new NativeGraph(fn, recording);
  },
};

class NativeGraph implements LoadedGraph {
  readonly #name: string;
  readonly #recording: Recording;
  readonly #inputPaths: readonly string[];
  readonly #outputPaths: readonly string[];
  /** The one that loaded the session: another backend may be in use when the session is disposed. */
  readonly #binding: Binding;
  readonly #session: number;
  readonly #inputNames: string;
  readonly #outputNames: string;

  constructor(fn: FlatFunction, recording: Recording) {
    this.#name = fn.name;
    this.#recording = recording;
    this.#inputPaths = fn.inputPaths;
    this.#outputPaths = fn.outputPaths();
    const { graph, signature } = this.#graph('variables as inputs');
    this.#inputNames = signature.inputs.map(({ name }) => name).join();
    this.#outputNames = signature.outputs.map(({ name }) => name).join();
    this.#binding = nativeBackend().binding;
    this.#session = loadSavedModel(fn.name, graph.savedModel());
  }

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const backend = nativeBackend();
    const ids = backend.getInputTensorIds([...inputs, ...liveVariables(this.#name, this.#recording)]);
    if (this.#outputNames === '') return [];
    const outputs = backend.binding.runSavedModel(this.#session, ids, this.#inputNames, this.#outputNames);
    return outputs.map((output) => backend.createOutputTensor(output));
  }

  toText(): string {
    return formatRecording(this.#name, this.#recording, this.#inputPaths);
  }

  toSavedModel(): Uint8Array {
    const { graph, signature } = this.#graph('variables as constants');
    return graph.savedModel(signature);
  }

  dispose(): void {
    this.#binding.deleteSavedModel(this.#session);
  }

  #graph(kind: 'variables as inputs' | 'variables as constants'): { graph: GraphDef; signature: Signature } {
    const { inputs, variables, outputs } = this.#recording;
    const graph = new GraphDef();
    const nodes = new Map<number, string>();
    const place = (node: string, { id, dtype, shape }: NativeTensor, key: string) => {
      nodes.set(id, graph.placeholder(node, dtype, shape));
      return { key, name: `${node}:0`, dtype, shape };
    };
    const fed = inputs.map((input, i) => place(`input${i}`, input, keyOf(`arg${this.#inputPaths[i]}`)));
    const live = liveVariables(this.#name, this.#recording);
    for (const [i, each] of variables.entries()) {
      const node = `variable${i}`;
      if (kind === 'variables as inputs') fed.push(place(node, each, node));
      else {
        const values = live[i].dataSync() as ArrayBufferView;
        nodes.set(each.id, graph.constant(node, { ...each, values }));
      }
    }
    const isOurs = kind === 'variables as inputs';
    const writeConstant: WriteConstant = (name, constant) => graph.constant(name, constant);
    const made = writeBody(graph, this.#recording, { nodes, writeConstant, isOurs });
    const results = outputs.map(({ dtype, shape }, i) => {
      // A separate node, since the same tensor may occur twice, or an input may be returned unchanged.
      const name = graph.node(`output${i}`, 'Identity', [made[i]], { T: { type: dtype } });
      return { key: keyOf(`output${this.#outputPaths[i]}`), name: `${name}:0`, dtype, shape };
    });
    return { graph, signature: { inputs: fed, outputs: results } };
  }
}

/** `arg[0].weight` as a valid keyword argument in Python's TensorFlow: `arg_0_weight`. */
function keyOf(path: string): string {
  return path.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '');
}
