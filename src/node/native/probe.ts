// node: tests an addon in a child process, so that an incompatible library cannot kill the caller.
import { disagreement, FLOAT32 } from '../../core/tolerance.js';
import { lastLine, type Outcome, runProgram } from './process.js';

/** The result of native kernels in a child process. */
export type ProbeResult =
  | { readonly ok: true; readonly tensorflowVersion: string; readonly device: 'CPU' | 'GPU' }
  | { readonly ok: false; readonly reason: string };

/** Inputs that float32 represents exactly, so that only arithmetic is compared. */
const PROBLEM = {
  features: [
    [1, -2],
    [0.5, 0.25],
    [-1.5, 3],
  ],
  weight: [
    [0.5, -1, 0.25],
    [1, 0.125, -0.75],
  ],
  targets: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
type Problem = typeof PROBLEM;

interface Answer {
  readonly tensorflowVersion: string;
  readonly usesGpu: boolean;
  readonly loss: number;
  /** Row-major, as the weight. */
  readonly gradient: readonly number[];
  /** A product of ones by our own kernel, if the addon has it: 1024 everywhere. */
  readonly narrow: readonly number[];
}

/** The first load reads about a gigabyte, possibly over a network. */
const TIMEOUT = 180_000;

/**
 * Loads tfjs-node with the addon at `addon` in a child process, which computes a loss and its gradient by autograd.
 * They are compared here with the closed form.
 *
 * @param tfjsNode the folder of the package `@tensorflow/tfjs-node`
 * @throws the signal's reason if aborted; all other errors are part of the result
 */
export async function probeAddon(tfjsNode: string, addon: string, signal?: AbortSignal): Promise<ProbeResult> {
  // tsx wraps functions in a helper of this name, which the child does not have. In Deno, the script is a module: it has no
  // `require`, and its file name is an argument. Node before 20.16 has no `getBuiltinModule`.
  const script = `const __name = (f) => f;
    const openTfjsNode = ${openTfjsNode.toString()};
    const answer = ${answerProblem.toString()};
    const [folder, addon, problem] = JSON.parse(process.argv.at(-1));
    const { createRequire } = process.getBuiltinModule?.('node:module') ?? require('node:module');
    console.log(JSON.stringify(answer(openTfjsNode, createRequire(folder + '/package.json'), addon, problem)));`;
  const outcome = await runProgram(process.execPath, ['-e', script, JSON.stringify([tfjsNode, addon, PROBLEM])], {
    // The options of this process may load a loader or a debugger, which the child does not need.
    env: { NODE_OPTIONS: '', NO_COLOR: '1', TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '3' },
    timeout: TIMEOUT,
    signal,
  });
  if (outcome.end !== 'exit' || outcome.code !== 0) return { ok: false, reason: deathOf(outcome) };
  let answer: Answer;
  try {
    answer = JSON.parse(lastLine(outcome.stdout)) as Answer;
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(lastLine(outcome.stdout))}` };
  }
  return judge(answer);
}

/**
 * Loads tfjs-node with an addon outside its folder, which stays unchanged.
 *
 * It runs here and in the child of `probeAddon`, which receives its source text. So it uses its arguments only.
 *
 * @param requireFromTfjsNode the `require` of a file in the folder of tfjs-node
 */
/* istanbul ignore next: counters would be part of the source text */
export function openTfjsNode(requireFromTfjsNode: NodeJS.Require, addon: string): void {
  const util = requireFromTfjsNode('node:util') as Record<string, unknown>;
  // tfjs-node calls both. Node 23 removed the first, and Node 22 warns about both.
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
  const manifest = requireFromTfjsNode.resolve('./package.json');
  // The public `find` is a getter of this one. tfjs-node pins version 1.0.9.
  const locator = requireFromTfjsNode('@mapbox/node-pre-gyp/lib/pre-binding.js') as {
    find: (path: string, ...rest: unknown[]) => string;
  };
  const { find } = locator;
  locator.find = (path, ...rest) => (path === manifest ? addon : find(path, ...rest));
  try {
    requireFromTfjsNode('./');
  } finally {
    locator.find = find;
  }
}

/* istanbul ignore next: counters would be part of the source text */
function answerProblem(
  open: typeof openTfjsNode,
  requireFromTfjsNode: NodeJS.Require,
  addon: string,
  problem: Problem,
): Answer {
  open(requireFromTfjsNode, addon);
  const tf = requireFromTfjsNode('@tensorflow/tfjs') as typeof import('@tensorflow/tfjs');
  const backend = tf.findBackend('tensorflow') as unknown as {
    binding: import('../../graph/native-backend.js').Binding & { TF_Version: string };
    isUsingGpuDevice: boolean;
  };
  const features = tf.tensor2d(problem.features);
  const targets = tf.tensor2d(problem.targets);
  const loss = (weight: import('@tensorflow/tfjs').Tensor) =>
    tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(tf.matMul(features, weight))), 1)));
  const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(problem.weight));
  const { binding } = backend;
  const ones = (rows: number, columns: number) =>
    binding.createTensor([rows, columns], binding.TF_FLOAT, new Float32Array(rows * columns).fill(1));
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'N', type: binding.TF_ATTR_INT, value: 0 },
  ];
  let narrow: number[] = [];
  try {
    // Large enough for several threads. Our kernel may need other instructions than TensorFlow's kernels.
    const [{ id }] = binding.executeOp(
      'SoftmaxRegressionNarrowMatMul',
      attributes,
      [ones(128, 1024), ones(1024, 10)],
      1,
    );
    narrow = Array.from(binding.tensorDataSync(id) as Float32Array);
  } catch {
    // The addon of tfjs-node's own installer does not have this kernel.
  }
  return {
    narrow,
    tensorflowVersion: backend.binding.TF_Version,
    usesGpu: backend.isUsingGpuDevice,
    loss: value.dataSync()[0],
    gradient: Array.from(grad.dataSync()),
  };
}

function judge(answer: Answer): ProbeResult {
  const expected = closedForm(PROBLEM);
  const actual = [answer.loss, ...answer.gradient];
  const agrees =
    actual.length === expected.length && actual.every((value, i) => disagreement(value, expected[i], FLOAT32) <= 1);
  if (answer.narrow.some((value) => value !== 1024)) {
    return { ok: false, reason: 'its own kernel gives wrong results: a sum of 1024 ones is not 1024' };
  }
  return agrees
    ? { ok: true, tensorflowVersion: answer.tensorflowVersion, device: answer.usesGpu ? 'GPU' : 'CPU' }
    : { ok: false, reason: `it gives wrong results: loss and gradient [${actual}] instead of [${expected}]` };
}

/** Loss and gradient in float64: ℓ = −(1/n) Σᵢ log softmax(xᵢW)·yᵢ and ∂ℓ/∂W = Xᵀ(softmax(XW) − Y)/n. */
function closedForm({ features, weight, targets }: Problem): number[] {
  const count = features.length;
  let loss = 0;
  const gradient = weight.map((row) => row.map(() => 0));
  features.forEach((x, i) => {
    const powers = weight[0].map((_, k) => Math.exp(x.reduce((logit, value, j) => logit + value * weight[j][k], 0)));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, k) => {
      const probability = power / sum;
      loss -= (targets[i][k] * Math.log(probability)) / count;
      x.forEach((value, j) => {
        gradient[j][k] += (value * (probability - targets[i][k])) / count;
      });
    });
  });
  return [loss, ...gradient.flat()];
}

/** By signal, or by the exit code on Windows. */
const DEATHS: Readonly<Record<string, string>> = {
  SIGILL: 'it needs instructions that this processor lacks, such as AVX',
  3221225501: 'it needs instructions that this processor lacks, such as AVX',
  SIGSEGV: 'it crashed (SIGSEGV): it is damaged, or was built for another C library',
  3221225477: 'it crashed (access violation): it is damaged, or was built for another system',
  SIGBUS: 'it crashed (SIGBUS): a library file is truncated',
  SIGKILL: 'it was killed, possibly because memory ran out',
};

function deathOf(outcome: Outcome): string {
  switch (outcome.end) {
    case 'missing':
      return `${process.execPath} could not be started`;
    case 'timeout':
      return `it did not answer within ${TIMEOUT / 1000} s`;
    default: {
      const known = DEATHS[outcome.signal ?? outcome.code ?? ''];
      if (known !== undefined) return known;
      const message = /^\s*(?:\w*Error): (.*)$/m.exec(outcome.stderr)?.[1] ?? lastLine(outcome.stderr);
      return outcome.signal === null ? message : `it was ended by ${outcome.signal}: ${message}`;
    }
  }
}
