// bench: the same works in Python, each library in a process of its own that lives as long as the run and times itself.
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
 * What a peer can be asked for, all on Fashion-MNIST unless they are named after another data set.
 *
 * - `shuffled`, `in-order`: softmax regression, 3 epochs of gradient descent, batch 256, learning rate 0.1, from 0
 * - `mlp`: 784-128-10 with relu, 1 epoch of Adam, batch 64, learning rate 0.001
 * - `lbfgs`, `digits`, `wine`: the optimum at C = 1; the outcome is the objective, mean NLL + ‖W‖² / 2n
 * - `predict-row`, `predict-many`: probabilities of one row (median), of 100,000 rows; the outcome is their mean loss
 *   under the weights wⱼₖ = sin(10j + k) / 10 without bias
 */
export type PeerWork = 'shuffled' | 'in-order' | 'mlp' | 'lbfgs' | 'digits' | 'wine' | 'predict-row' | 'predict-many';

export interface PeerOptions {
  /** Of `shuffled`, `in-order` and `mlp`. */
  readonly epochs?: number;
  /** At most so many, of `lbfgs` (200), `digits` and `wine` (100,000). */
  readonly iterations?: number;
  /** Of `lbfgs` (1e-4), `digits` and `wine` (1e-8). */
  readonly tolerance?: number;
  /** Whether the columns of `digits` and `wine` first get mean 0 and deviation 1. They do by default. */
  readonly standardize?: boolean;
}

export interface PeerResult {
  /** The work alone, by the peer's own clock: no import, compilation, loading of samples or talk between processes. */
  readonly milliseconds: number;
  /** Of a training: the mean over the samples of the last epoch of the loss at the parameters of its step, in nats. */
  readonly outcome: number;
  /** Of the solvers only. */
  readonly iterations?: number;
}

export interface Peer {
  /** With versions, and how it is used: `'PyTorch 2.15.0 eager'`. */
  readonly name: string;
  readonly works: readonly PeerWork[];
  /**
   * Does a work once; one at a time. When it is back, all threads of the peer are at rest.
   *
   * @throws BackendError if the peer fails at it, or is gone
   */
  run(work: PeerWork, options?: PeerOptions): Promise<PeerResult>;
  /** Ends its process. */
  close(): void;
}

const WHERE = 'bench --peers';

export const FOLDER = join(__dirname, 'peers');

/** The scripts in that folder that do the work. */
const SCRIPTS = {
  pytorch: 'peer_pytorch.py',
  jax: 'peer_jax.py',
  keras: 'peer_keras.py',
  scikitLearn: 'peer_scikit_learn.py',
} as const;

export type Peers = Readonly<Record<keyof typeof SCRIPTS, Peer>> & {
  readonly all: readonly Peer[];
  /** Ends their processes; until then they keep Node alive. */
  close(): void;
};

/**
 * Starts the peers, after installing what they need: once, 3.5 GB to download and 7.4 GB on the disk (on Linux x64,
 * where PyTorch brings its libraries for GPUs).
 *
 * @throws BackendError if Python, one of its packages or a peer is not to be had
 */
export async function openPeers(data?: FashionMnist): Promise<Peers> {
  const environment = await openEnvironment();
  const { train } = data ?? (await loadFashionMnist());
  const folder = await mkdtemp(join(tmpdir(), 'softmax-regression-peers-'));
  try {
    await writeFile(join(folder, 'features.bin'), train.features.values);
    await writeFile(join(folder, 'labels.bin'), Uint8Array.from(train.labels));
    say('starting PyTorch, JAX, Keras and scikit-learn');
    const starts = Object.values(SCRIPTS).map((script) => startPeer(script, environment, folder));
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
    const [pytorch, jax, keras, scikitLearn] = all;
    return { pytorch, jax, keras, scikitLearn, all, close };
  } finally {
    await rm(folder, { recursive: true, force: true }); // once a peer is open, it has the samples in memory
  }
}

type Answer =
  | { readonly name: string; readonly works: readonly PeerWork[] }
  | { readonly seconds: number; readonly outcome: number; readonly iterations?: number }
  | { readonly error: string };

async function startPeer(script: string, environment: Environment, folder: string): Promise<Peer> {
  const child = spawn(environment.python, [join(FOLDER, script), folder], { env: variablesFor(environment) });
  const ended = endOf(child);
  // A peer that is gone shows by the answer that does not come.
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
      hint: `If its packages are broken, remove ${environment.folder}: they are then installed anew.`,
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
      throw new BackendError({ where: name, argument: work, expected: 'be done', actual });
    },
    close: () => child.stdin.end(),
  };
}

/** Why a process ended, by the last line that it wrote to its standard error. */
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

/** What changes how libraries compute, how many threads they use, and where Python looks for modules. */
const TUNING = /^(OMP|GOMP|KMP|MKL|OPENBLAS|TF|XLA|JAX|KERAS|TORCH|PYTHON)/;

/** The variables of this process, without those that would make a peer other than it is out of the box. */
export function variablesFor({ folder }: Environment): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !TUNING.test(name));
  return {
    ...Object.fromEntries(inherited),
    KERAS_HOME: join(folder, 'keras'), // else it reads a configuration in the home folder, or makes one
    PYTHONDONTWRITEBYTECODE: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}

/** A Python of its own, with the pinned packages. */
export interface Environment {
  readonly folder: string;
  readonly python: string;
}

/** The Pythons that all the pinned packages are made for. */
const PYTHONS = ['3.11', '3.12', '3.13'];

/**
 * Makes the environment of a file of requirements, or finds it. Its mark is written last, so one that was cut off is made anew.
 *
 * @throws BackendError if Python or one of the packages is not to be had
 */
export async function openEnvironment(file = 'requirements.txt'): Promise<Environment> {
  const { command, version, machine } = await systemPython();
  const requirements = await readFile(join(FOLDER, file), 'utf8');
  const key = createHash('sha256').update([requirements, version, machine].join('\n')).digest('hex').slice(0, 12);
  const folder = cacheFolder(`peers-${key}`);
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const mark = join(folder, 'complete');
  if (existsSync(mark)) return { folder, python };

  say(`making a Python environment of ${file}, once: ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const made = await runProgram(command, ['-m', 'venv', folder]);
  if (made.code !== 0) {
    throw new BackendError({
      where: WHERE,
      argument: `${command} -m venv`,
      expected: 'make an environment',
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

/** @throws BackendError if there is none, or one that the packages are not made for */
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

// Only wheels: to compile one of these packages takes hours, and ends in an error that nobody understands.
const installOf = (file: string) => [
  ...['install', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--progress-bar=off'],
  ...['--requirement', join(FOLDER, file)],
];

/** Of what pip writes, the large: "Downloading torch-2.15.0-….whl (539.1 MB)", "Installing collected packages: …". */
function sayWhatPipDoes(line: string): void {
  const download = /Downloading (?:.*\/)?([^\s/-]+-[^\s/-]+)\S* \(([\d.]+ GB|\d{3,}(?:\.\d+)? MB)\)/.exec(line);
  if (download !== null) say(`downloading ${download[1]}, ${download[2]}`);
  const packages = /Installing collected packages: (.*)/.exec(line);
  if (packages !== null) say(`installing ${packages[1].split(',').length} packages`);
}

/** Runs a program to its end. The code is null where there is no such program, and where it was killed. */
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

/** The last line that says something, where programs put their reason, of those that begin as asked. */
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

/** To see that they work, one line for each peer that knows the work: `tsx bench/peers.ts [WORK]`. */
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
