// cli: progress on stderr: a line that moves on a terminal, one line for each stage elsewhere.
import type { SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../node/files.js';

export interface ProgressDisplay {
  readonly onProgress: OnProgress;
  /** Leaves the terminal as it should be; to be called however the work ends. */
  readonly stop: () => void;
}

/** For work that downloads or builds: its stages are worth a line in a log. */
export function progressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? movingLine(stream) : lineForEachStage(stream);
}

/** For all other work: nothing where there is no terminal. */
export function quietDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? movingLine(stream) : { onProgress: () => {}, stop: () => {} };
}

function lineForEachStage(stream: NodeJS.WritableStream): ProgressDisplay {
  let shown = '';
  const onProgress: OnProgress = ({ stage, total, unit }) => {
    if (stage === shown) return;
    shown = stage;
    stream.write(unit === 'bytes' && total !== undefined ? `${stage} (${megabytes(total)})\n` : `${stage}\n`);
  };
  return { onProgress, stop: () => {} };
}

function movingLine(stream: NodeJS.WriteStream): ProgressDisplay {
  // Loaded here, so that commands without progress do not wait for it.
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  let bar: SingleBar | undefined;
  let stage = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const start = (first: Progress): SingleBar => {
    const started = Date.now();
    const format = (_: unknown, { value }: { value: number }) =>
      formatProgress({ ...first, done: value }, (Date.now() - started) / 1000);
    const fresh = new SingleBar({ stream, format, hideCursor: true });
    fresh.start(first.total ?? 0, first.done);
    return fresh;
  };
  const onProgress: OnProgress = (progress) => {
    if (progress.stage !== stage) {
      bar?.update(bar.getTotal());
      stop();
      stage = progress.stage;
    }
    bar ??= start(progress);
    bar.update(progress.done);
  };
  return { onProgress, stop };
}

const BAR_WIDTH = 24;

/** `download x  [######··················]  68 of 274 MB, 6 s left`, or the seconds alone while no total is known. */
export function formatProgress({ stage, done, total, unit }: Progress, seconds: number): string {
  if (total === undefined || total === 0) return `${stage}  ${Math.floor(seconds)} s`;
  const part = Math.min(1, done / total);
  const filled = Math.round(part * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}]`;
  const amount = unit === 'bytes' ? `${Math.round(done / 1e6)} of ${megabytes(total)}` : `${done} of ${total}`;
  const left = part >= 0.01 && part < 1 && seconds >= 1 ? `, ${Math.ceil((seconds * (1 - part)) / part)} s left` : '';
  return `${stage}  ${bar}  ${amount}${left}`;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
