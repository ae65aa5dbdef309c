// web: the key figures and the learning curve of one training.
import type { FitResult } from 'softmax-regression';
import { shortNumber } from './charts.js';
import { clearGradient } from './gradient-card.js';
import type { CurvePoint, HeldOutScores, Report, Trained } from './messages.js';
import { byId, clearWeights, count, percent, percents, say, showCurve } from './views.js';

/** What is shown of a training, and of the model that it ends with. */
export class Results {
  #points: readonly CurvePoint[] = [];
  /** The number of quarters announced so far. */
  #quarter = 0;
  /** Whether it goes to the optimum, in iterations; else it goes by epochs. */
  #isToOptimum = true;

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(byId('loss-chart'));
  }

  /** The last one that is shown. */
  get epoch(): number {
    return this.#points.at(-1)?.epoch ?? 0;
  }

  get noun(): string {
    return this.#isToOptimum ? 'iteration' : 'epoch';
  }

  /** Before a training, or without a model. */
  clear(isToOptimum = this.#isToOptimum): void {
    this.#isToOptimum = isToOptimum;
    this.#points = [];
    this.#quarter = 0;
    for (const id of ['loss', 'held-out-loss', 'accuracy', 'gap']) say(id, '–');
    say('accuracy-note', 'of held-out samples');
    say('loss-note', 'nats per sample');
    say('loss-name', isToOptimum ? 'Objective' : 'Training loss');
    say('curve-name', isToOptimum ? 'objective' : 'training');
    clearWeights();
    clearGradient();
    byId('proof-table').hidden = true;
    say('proof', 'Appears during training, at the current weights.');
    this.#draw();
  }

  add(points: readonly CurvePoint[]): void {
    this.#points = [...this.#points, ...points];
    const last = this.#points[this.#points.length - 1];
    say('loss', shortNumber(last.loss));
    say('held-out-loss', shortNumber(last.heldOutLoss));
    say('accuracy', percent(last.heldOutAccuracy));
    this.#draw();
  }

  /** The bar moves continuously; screen readers hear each quarter. */
  showProgress({ epoch, epochs, share }: Extract<Report, { kind: 'progress' }>): void {
    byId<HTMLProgressElement>('progress').value = share;
    const quarter = Math.floor(4 * share);
    if (quarter <= this.#quarter || share === 1) return;
    this.#quarter = quarter;
    say('status', `Training: ${this.noun} ${epoch} of ${epochs}${this.#isToOptimum ? ' at most' : ''}.`);
  }

  showScores({ accuracy, interval, logLoss, samples }: HeldOutScores): void {
    say('accuracy', percent(accuracy));
    const ends = percents([interval.lower, interval.upper]).join(' to ');
    say('accuracy-note', `95 % interval: ${ends}, of ${count(samples, 'sample')}`);
    say('held-out-loss', shortNumber(logLoss));
  }

  showEnd({ result, isStopped, milliseconds, model }: Trained): void {
    say('loss', shortNumber(result.objective));
    say('loss-name', 'Objective');
    const bound = boundInWords(result);
    if (bound !== undefined) say('loss-note', bound);
    const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
    const epochs = count(this.epoch, this.noun);
    const parameters = `${count(model.numParameters, 'parameter')} trained`;
    if (isStopped) {
      say('status', `Stopped after ${epochs}. The model has the weights of that ${this.noun}.`);
      return;
    }
    say('status', `${parameters} in ${epochs}, ${seconds}: ${endInWords(result)}`);
  }

  #draw(): void {
    showCurve(this.#points, this.noun);
  }
}

/** Nats above the optimum that no one sees. */
const NEAR = 1e-3;

/** How a training ended, and what to change. */
export function endInWords(end: Pick<FitResult, 'reason' | 'converged' | 'advice' | 'suboptimality'>): string {
  const { reason, converged, advice, suboptimality } = end;
  // Not beside a bound that says otherwise, as with a class without samples, whose bias has no optimum.
  const isProven = advice === null && (suboptimality === null || suboptimality < NEAR);
  const ends: Record<typeof reason, string> = {
    // With advice, there is no optimum, or the weights that are kept are not there.
    gradient: isProven ? 'at the optimum' : converged ? 'converged' : 'not converged',
    'no-progress': 'rounding prevents further progress',
    iterations: 'not converged yet',
    epochs: 'all epochs done',
    diverged: 'it diverged, so the model has the last finite weights',
    'early-stopping': 'the held-out loss stopped falling',
  };
  return `${ends[reason]}. ${advice ?? ''}`.trim();
}

/** The bound on what is left to the optimum, if there is one. One as large as the objective says only that no loss is below 0. */
export function boundInWords({
  suboptimality,
  objective,
}: Pick<FitResult, 'suboptimality' | 'objective'>): string | undefined {
  if (suboptimality === null) return undefined;
  const bound = `at most ${shortNumber(suboptimality)} above the optimum`;
  return suboptimality > 0.99 * objective ? `${bound}, which may be 0` : bound;
}
