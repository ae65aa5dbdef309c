// graph: a recorded function as one graph, executed in one call.
import * as tf from '@tensorflow/tfjs';
import type { FlatFunction, LoadedGraph, Tracer } from '../compile/compile.js';
import { writeBody } from './body.js';
import { GraphDef, type GraphEngine, type Signature, type WriteConstant } from './graph-def.js';
import { loadSavedModel } from './load.js';
import { SMALL_CONSTANT_BYTES } from './loop-writer.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import { isRecording, liveVariables, type Recording, record } from './record.js';
import { formatRecording } from './text.js';
import { type ValueCheck, valueChecks, withoutChecks, writeCheck } from './value-checks.js';
import { failureOf, reasonOf, whyNotThese, whyNoXla } from './xla.js';

/** Compiled functions as TensorFlow graphs. */
export const nativeTracer: Tracer = {
  isReady: () => tf.getBackend() === 'tensorflow' && !isRecording(),
  trace(fn, inputs, xla) {
    const recording = record(fn.name, fn.run, inputs);
    return new NativeGraph(fn, recording, xla ? inputs : undefined);
  },
};

/** A graph in TensorFlow. */
interface Program {
  readonly session: number;
  readonly inputNames: string;
  /** The outputs, then one bool for each check. */
  readonly outputNames: string;
  readonly checks: readonly ValueCheck[];
}

class NativeGraph implements LoadedGraph {
  readonly #name: string;
  readonly #recording: Recording;
  readonly #inputPaths: readonly string[];
  readonly #outputPaths: readonly string[];
  /** The one that loaded the session: another backend may be in use when the session is disposed. */
  readonly #binding = nativeBackend().binding;
  readonly #program: Program;
  /** What XLA did, for `toText`. */
  readonly #note: string;

  /** @param examples inputs to compile the graph with XLA, or undefined to leave XLA out */
  constructor(fn: FlatFunction, recording: Recording, examples: readonly tf.Tensor[] | undefined) {
    this.#name = fn.name;
    this.#recording = recording;
    this.#inputPaths = fn.inputPaths;
    this.#outputPaths = fn.outputPaths();
    const compiled = examples && this.#compiled(examples);
    this.#program = typeof compiled === 'object' ? compiled : this.#load('graph');
    const failure = `, not compiled by XLA: ${compiled}`;
    this.#note = compiled === undefined ? '' : typeof compiled === 'string' ? failure : ', compiled by XLA';
  }

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { checks } = this.#program;
    const results = this.#run(this.#program, inputs);
    return withoutChecks(this.#name, checks, results);
  }

  toText(): string {
    return formatRecording(this.#name, this.#recording, this.#inputPaths, this.#note);
  }

  toSavedModel(): Uint8Array {
    const { graph, signature } = this.#graph('variables as constants', 'graph', []);
    return graph.savedModel(signature);
  }

  dispose(): void {
    this.#binding.deleteSavedModel(this.#program.session);
  }

  #load(engine: GraphEngine): Program {
    const checks = engine === 'xla' ? valueChecks(this.#recording) : [];
    const { graph, signature } = this.#graph('variables as inputs', engine, checks);
    return {
      session: loadSavedModel(this.#name, graph.savedModel()),
      inputNames: signature.inputs.map(({ name }) => name).join(),
      outputNames: signature.outputs.map(({ name }) => name).join(),
      checks,
    };
  }

  /** The graph, compiled by XLA on the first run, or the reason why XLA cannot compile it. */
  #compiled(examples: readonly tf.Tensor[]): Program | string {
    const whyNot = whyNotThese(this.#recording) ?? whyNoXla();
    if (whyNot !== undefined) return whyNot;
    try {
      const program = this.#load('xla');
      const failure = failureOf(() => tf.dispose(this.#run(program, examples)));
      if (failure === undefined) return program;
      this.#binding.deleteSavedModel(program.session);
      return failure;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #run({ session, inputNames, outputNames }: Program, inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const backend = nativeBackend();
    const ids = backend.getInputTensorIds([...inputs, ...liveVariables(this.#name, this.#recording)]);
    if (outputNames === '') return [];
    const outputs = backend.binding.runSavedModel(session, ids, inputNames, outputNames);
    return outputs.map((output) => backend.createOutputTensor(output));
  }

  #graph(
    kind: 'variables as inputs' | 'variables as constants',
    engine: GraphEngine,
    checks: readonly ValueCheck[],
  ): { graph: GraphDef; signature: Signature } {
    const { inputs, variables, outputs } = this.#recording;
    const graph = new GraphDef(engine);
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
    const isOurs = kind === 'variables as inputs' && engine === 'graph';
    const writeConstant: WriteConstant = (name, constant) => {
      // XLA would copy a large constant into its code.
      if (constant.values.byteLength <= SMALL_CONSTANT_BYTES) return graph.constant(name, constant);
      return graph.outside(() => graph.constant(name, constant));
    };
    const made = writeBody(graph, this.#recording, { nodes, writeConstant, isOurs });
    const results = outputs.map(({ id, dtype, shape }, i) => {
      // A separate node, since the same tensor may occur twice, or an input may be returned unchanged.
      const name = graph.output(`output${i}`, made.get(id) as string, dtype);
      return { key: keyOf(`output${this.#outputPaths[i]}`), name: `${name}:0`, dtype, shape };
    });
    const valid = checks.map((check, i) => {
      const obeyed = writeCheck(graph, `valid${i}/check`, check, made.get(check.tensor.id) as string, writeConstant);
      const dtype = this.#binding.TF_BOOL;
      return { key: `valid${i}`, name: `${graph.output(`valid${i}`, obeyed, dtype)}:0`, dtype, shape: [] };
    });
    return { graph, signature: { inputs: fed, outputs: [...results, ...valid] } };
  }
}

/** `arg[0].weight` as a valid keyword argument in Python's TensorFlow: `arg_0_weight`. */
function keyOf(path: string): string {
  return path.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '');
}
