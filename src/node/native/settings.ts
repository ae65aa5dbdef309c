// node: the environment variables that TensorFlow reads when it loads.
import { isMainThread } from 'node:worker_threads';

/** Set unless the user has set them. */
const DEFAULTS: Readonly<Record<string, string>> = { TF_CPP_MIN_LOG_LEVEL: '3' };

/** Numbers of threads. A negative one would end the process. */
const THREADS = ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'];

function ignore(name: string): void {
  process.emitWarning(`${name} must be an integer ≥ 0; got ${process.env[name]}. It is ignored.`, {
    code: 'SOFTMAX_REGRESSION_THREADS',
  });
  delete process.env[name];
}

/**
 * Sets the defaults in `process.env`.
 *
 * In a worker thread, `process.env` is a copy that native code cannot read, unless the worker was started with
 * `env: SHARE_ENV`. A warning then names the settings of the worker that TensorFlow does not see.
 */
export function applySettings(): void {
  for (const [name, value] of Object.entries(DEFAULTS)) process.env[name] ??= value;
  for (const name of THREADS) if (Number(process.env[name]) < 0) ignore(name);
  const unseen = isMainThread ? [] : unseenSettings(environmentOfProcess());
  if (unseen.length === 0) return;
  process.emitWarning(
    `TensorFlow does not see ${unseen.join(', ')} of this worker thread. Start the worker with \`env: SHARE_ENV\`, or set them for the process.`,
    { code: 'SOFTMAX_REGRESSION_WORKER_ENV' },
  );
}

function unseenSettings(seen: Readonly<Record<string, string>> | undefined): string[] {
  if (seen === undefined) return [];
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('TF_'));
  const unseen = settings.filter(([name, value]) => seen[name] !== value);
  return unseen.map(([name, value]) => `${name}=${value}`).sort();
}

/** The environment as native code reads it; undefined in runtimes that do not tell. */
function environmentOfProcess(): Readonly<Record<string, string>> | undefined {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (report === undefined) return undefined;
  const { excludeNetwork } = report;
  // Otherwise the report resolves the names of connected hosts.
  report.excludeNetwork = true;
  try {
    return (report.getReport() as { environmentVariables?: Record<string, string> }).environmentVariables;
  } catch {
    return undefined;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}
