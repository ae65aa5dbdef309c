// bench: the same works in Python. Each library has its own process, which serves the whole run and times itself.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BackendError } from 'softmax-regression';
import { cacheFolder, type FashionMnist, loadFashionMnist } from 'softmax-regression/node';

/**
 * The works of the peers, on Fashion-MNIST unless they are named after another data set.
 *
 * - `shuffled`, `in-order`: softmax regression, 3 epochs of gradient descent, batch 256, learning rate 0.1, from 0
 * - `mlp`: 784-128-10 with relu, 1 epoch of Adam, batch 64, learning rate 0.001
 * - `lbfgs`, `digits`, `wine`: the optimum, at C = 1 by default; the outcome is the objective, mean NLL + ‖W‖² / 2nC
 * - `predict-row`, `predict-many`: probabilities of one row (median) and of 100,000 rows; the outcome is the mean loss
 *   for the weights wⱼₖ = sin(10j + k) / 10 without bias
 */
export type PeerWork = 'shuffled' | 'in-order' | 'mlp' | 'lbfgs' | 'digits' | 'wine' | 'predict-row' | 'predict-many';

export interface PeerOptions {
  /** For `shuffled`, `in-order` and `mlp`. */
  readonly epochs?: number;
  /** The maximum, for `lbfgs` (default 200), `digits` and `wine` (default 3000). */
  readonly iterations?: number;
  /** For `lbfgs` (default 1e-4), `digits` and `wine` (default 1e-8). */
  readonly tolerance?: number;
  /** Whether the columns of `digits` and `wine` are standardised to mean 0 and deviation 1; default true. */
  readonly standardize?: boolean;
  /** For `digits` and `wine`: `'lbfgs'` by default, with two threads, and C = 1. */
  readonly solver?: 'lbfgs' | 'newton-cg' | 'newton-cholesky';
  readonly threads?: number;
  readonly C?: number;
}

export interface PeerResult {
  /** The time of the work by the peer's own clock, without imports, compilation, loading of samples and messages. */
  readonly milliseconds: number;
  /** For a training: the mean loss over the samples of the last epoch, each at the parameters of its step, in nats. */
  readonly outcome: number;
  /** For the solvers only. */
  readonly iterations?: number;
  /** The largest derivative of the objective; for the solvers only. */
  readonly gradient?: number;
}

export interface Peer {
  /** With version and mode: `'PyTorch 2.15.0 eager'`. */
  readonly name: string;
  readonly works: readonly PeerWork[];
  /**
   * Runs a work once. Works must not overlap. When it returns, all threads of the peer are idle.
   *
   * @throws BackendError if the work fails, or the process has ended
   */
  run(work: PeerWork, options?: PeerOptions): Promise<PeerResult>;
  /** Ends the process. */
  close(): void;
}

const WHERE = 'bench --peers';

export const FOLDER = join(__dirname, 'peers');

/** The scripts of the peers in that folder, with their own arguments. */
const SCRIPTS = {
  pytorch: ['peer_pytorch.py'],
  torchCompile: ['peer_pytorch.py', 'compile'],
  jax: ['peer_jax.py'],
  keras: ['peer_keras.py'],
  scikitLearn: ['peer_scikit_learn.py'],
} as const;

export type Peers = Readonly<Record<keyof typeof SCRIPTS, Peer>> & {
  readonly all: readonly Peer[];
  /** Ends the processes. Until then they keep Node running. */
  close(): void;
};

/**
 * Starts the peers. The first call installs their packages: 3.5 GB to download and 7.4 GB on disk on Linux x64, where
 * PyTorch includes its libraries for GPUs.
 *
 * @throws BackendError if Python, one of its packages or a peer is not available
 */
export async function openPeers(data?: FashionMnist): Promise<Peers> {
  const environment = await openEnvironment();
  const { train } = data ?? (await loadFashionMnist());
  const folder = await mkdtemp(join(tmpdir(), 'softmax-regression-peers-'));
  try {
    await writeFile(join(folder, 'features.bin'), train.features.values);
    await writeFile(join(folder, 'labels.bin'), Uint8Array.from(train.labels));
    say('starting PyTorch, JAX, Keras and scikit-learn');
    const starts = Object.values(SCRIPTS).map(([script, ...args]) => startPeer(script, args, environment, folder));
    const opened = await Promise.allSettled(starts);
    const all = opened.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const close = () => {
      for (const peer of all) peer.close();
    };
    const failed = opened.find((start) => start.status === 'rejected');
    if (failed !== undefined) {
      close();
      throw failed.reason;
    }
    const [pytorch, torchCompile, jax, keras, scikitLearn] = all;
    return { pytorch, torchCompile, jax, keras, scikitLearn, all, close };
  } finally {
    await rm(folder, { recursive: true, force: true }); // an open peer has the samples in memory
  }
}

type Answer =
  | { readonly name: string; readonly works: readonly PeerWork[] }
  | { readonly seconds: number; readonly outcome: number; readonly iterations?: number; readonly gradient?: number }
  | { readonly error: string };

async function startPeer(
  script: string,
  args: readonly string[],
  environment: Environment,
  folder: string,
): Promise<Peer> {
  const child = spawn(environment.python, [join(FOLDER, script), folder, ...args], { env: variablesFor(environment) });
  const ended = endOf(child);
  // If the peer has ended, the missing answer reports it.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (subject: string): Promise<Answer> => {
    const line = await lines.next();
    if (line.done !== true) return JSON.parse(line.value);
    throw new BackendError({
      where: WHERE,
      argument: subject,
      expected: 'answer',
      actual: await ended,
      hint: `If its packages are broken, remove ${environment.folder} to install them again.`,
    });
  };

  const greeting = await answer(script);
  if (!('name' in greeting)) throw new Error(`${script} must begin with its name; got ${JSON.stringify(greeting)}.`);
  const { name, works } = greeting;
  return {
    name,
    works,
    async run(work, options = {}) {
      if (!works.includes(work)) {
        throw new BackendError({ where: name, argument: 'work', expected: `be ${works.join(' or ')}`, actual: work });
      }
      child.stdin.write(`${JSON.stringify({ ...options, run: work })}\n`);
      const result = await answer(name);
      if ('seconds' in result) {
        const { seconds, ...rest } = result;
        return { ...rest, milliseconds: seconds * 1000 };
      }
      const actual = 'error' in result ? result.error : JSON.stringify(result);
      throw new BackendError({ where: name, argument: work, expected: 'succeed', actual });
    },
    close: () => child.stdin.end(),
  };
}

/** The reason for the end of a process: the last line of its standard error. */
function endOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-(1 << 14));
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(lastLine(complaints) ?? `an end with ${signal ?? `code ${code}`}`));
  });
}

/** Variables that change how libraries compute, how many threads they use, and where Python finds modules. */
const TUNING = /^(OMP|GOMP|KMP|MKL|OPENBLAS|TF|XLA|JAX|KERAS|TORCH|PYTHON)/;

/** The variables of this process, without those that would change the defaults of a peer. */
export function variablesFor({ folder }: Environment): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !TUNING.test(name));
  return {
    ...Object.fromEntries(inherited),
    KERAS_HOME: join(folder, 'keras'), // otherwise it reads or creates a configuration in the home folder
    PYTHONDONTWRITEBYTECODE: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}

/** A Python environment with the pinned packages. */
export interface Environment {
  readonly folder: string;
  readonly python: string;
}

/** The Python versions that all pinned packages support. */
const PYTHONS = ['3.11', '3.12', '3.13'];

/**
 * Finds or creates the environment of a file of requirements. A mark is written last, so an incomplete environment is
 * created again.
 *
 * @throws BackendError if Python or one of the packages is not available
 */
export async function openEnvironment(file = 'requirements.txt'): Promise<Environment> {
  const { command, version, machine } = await systemPython();
  const requirements = await readFile(join(FOLDER, file), 'utf8');
  const key = createHash('sha256').update([requirements, version, machine].join('\n')).digest('hex').slice(0, 12);
  const folder = cacheFolder(`peers-${key}`);
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const mark = join(folder, 'complete');
  if (existsSync(mark)) return { folder, python };

  say(`creating a Python environment for ${file}: ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = await runProgram(command, ['-m', 'venv', folder]);
  if (made.code !== 0) {
    throw new BackendError({
      where: WHERE,
      argument: `${command} -m venv`,
      expected: 'create an environment',
      actual: lastLine(made.output) ?? 'no message',
      hint: `Its modules venv and ensurepip are needed (on Debian and Ubuntu: apt-get install python3-venv), and write access to ${folder}.`,
    });
  }
  const installed = await runProgram(python, ['-m', 'pip', ...installOf(file)], sayWhatPipDoes);
  if (installed.code !== 0) {
    throw new BackendError({
      where: WHERE,
      argument: 'pip',
      expected: `install bench/peers/${file}`,
      actual: lastLine(installed.output, /^ERROR: /)?.slice('ERROR: '.length) ?? 'no message',
      hint: 'Check network, proxy and index (pip config list), and that the disk has 12 GB free; then run it again.',
    });
  }
  await writeFile(mark, requirements);
  return { folder, python };
}

/** @throws BackendError if there is no Python, or one that the packages do not support */
async function systemPython(): Promise<{ command: string; version: string; machine: string }> {
  const command = process.platform === 'win32' ? 'python' : 'python3';
  const print = 'import platform, sys; print("%d.%d" % sys.version_info[:2], sys.platform, platform.machine())';
  const { code, output } = await runProgram(command, ['-c', print]);
  const [version, ...machine] = (lastLine(output) ?? '').split(' ');
  if (code === 0 && PYTHONS.includes(version)) return { command, version, machine: machine.join(' ') };
  throw new BackendError({
    where: WHERE,
    argument: command,
    expected: `be Python ${PYTHONS.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`,
    actual: code === 0 ? version : 'none',
    hint: 'Install one of these (on Debian and Ubuntu: apt-get install python3 python3-venv), and put it first in PATH.',
  });
}

// Wheels only: compiling one of these packages takes hours and fails with an obscure error.
const installOf = (file: string) => [
  ...['install', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--progress-bar=off'],
  ...['--requirement', join(FOLDER, file)],
];

/** Prints large steps of pip: "Downloading torch-2.15.0-….whl (539.1 MB)", "Installing collected packages: …". */
function sayWhatPipDoes(line: string): void {
  const download = /Downloading (?:.*\/)?([^\s/-]+-[^\s/-]+)\S* \(([\d.]+ GB|\d{3,}(?:\.\d+)? MB)\)/.exec(line);
  if (download !== null) say(`downloading ${download[1]}, ${download[2]}`);
  const packages = /Installing collected packages: (.*)/.exec(line);
  if (packages !== null) say(`installing ${packages[1].split(',').length} packages`);
}

/** Runs a program to its end. The code is null if the program does not exist or was killed. */
function runProgram(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`;
      onLine(line);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** The last line that matches `beginning` and is not empty, where most programs write the reason. */
function lastLine(text: string, beginning = /\S/): string | undefined {
  return text
    .split('\n')
    .filter((line) => beginning.test(line))
    .at(-1)
    ?.trim();
}

function say(message: string): void {
  console.error(`peers: ${message}`);
}

/** Tests the peers with one line for each that has the work: `tsx bench/peers.ts [WORK]`. */
async function tryPeers(work: PeerWork): Promise<void> {
  const peers = await openPeers();
  try {
    for (const peer of peers.all.filter(({ works }) => works.includes(work))) {
      const { outcome } = await peer.run(work, work === 'shuffled' ? { epochs: 1 } : {});
      console.log(`${peer.name}: ${work} ${outcome.toFixed(4)}`);
    }
  } finally {
    peers.close();
  }
}

if (require.main === module) {
  tryPeers((process.argv[2] ?? 'shuffled') as PeerWork).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
