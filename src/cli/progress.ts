// cli: progress on stderr: a progress bar on a terminal, otherwise one line for each stage.
import type { SingleBar } from 'cli-progress';
import { printable } from '../core/errors.js';
import type { OnProgress, Progress } from '../node/files.js';
import { printTo } from './terminal.js';

export interface ProgressDisplay {
  readonly onProgress: OnProgress;
  /** Restores the terminal. Call it on success and on failure. */
  readonly stop: () => void;
}

/** For downloads and builds: each stage is logged, and the bar stays. */
export function progressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? movingLine(stream, { stays: true }) : lineForEachStage(stream);
}

/** For all other work: silent without a terminal, and the bar is cleared at the end. */
export function quietDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? movingLine(stream, { stays: false }) : { onProgress: () => {}, stop: () => {} };
}

function lineForEachStage(stream: NodeJS.WriteStream): ProgressDisplay {
  let shown = '';
  const onProgress: OnProgress = ({ stage, total, unit }) => {
    if (stage === shown) return;
    shown = stage;
    printTo(stream, [unit === 'bytes' && total !== undefined ? `${stage} (${megabytes(total)})` : stage]);
  };
  return { onProgress, stop: () => {} };
}

function movingLine(stream: NodeJS.WriteStream, { stays }: { readonly stays: boolean }): ProgressDisplay {
  // Loaded here, so that commands without progress start faster.
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  let bar: SingleBar | undefined;
  let latest: Progress = { stage: '', done: 0 };
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const start = (): SingleBar => {
    const started = Date.now();
    const format = (_: unknown, { value }: { value: number }) =>
      printable(formatProgress({ ...latest, done: value }, (Date.now() - started) / 1000));
    const fresh = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: !stays });
    fresh.start(latest.total ?? 0, latest.done);
    return fresh;
  };
  const onProgress: OnProgress = (progress) => {
    if (progress.stage !== latest.stage) {
      bar?.update(bar.getTotal());
      stop();
    }
    latest = progress;
    bar ??= start();
    bar.update(progress.done);
  };
  return { onProgress, stop };
}

const BAR_WIDTH = 24;

/** `download x  [######··················]  68 of 274 MB, 6 s left`, or only the seconds if the total is unknown. */
export function formatProgress({ stage, done, total, unit, note }: Progress, seconds: number): string {
  const noted = note === undefined ? '' : `, ${note}`;
  if (total === undefined || total === 0) return `${stage}${noted}  ${Math.floor(seconds)} s`;
  const part = Math.min(1, done / total);
  const filled = Math.round(part * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}]`;
  const amount =
    unit === 'bytes' ? `${Math.round(done / 1e6)} of ${megabytes(total)}` : `${Math.floor(done)} of ${total}`;
  const left = part >= 0.01 && part < 1 && seconds >= 1 ? `, ${Math.ceil((seconds * (1 - part)) / part)} s left` : '';
  return `${stage}  ${bar}  ${amount}${noted}${left}`;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
