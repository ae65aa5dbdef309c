// web: one training for the page, and its reports.
import {
  type FitOptions,
  type FitResult,
  isSoftmaxRegressionError,
  type Label,
  type OptionField,
  optionFields,
  SoftmaxRegression,
} from 'softmax-regression';
import type { GradcheckResult } from 'softmax-regression/report';
import type { CurvePoint, Report, TrainRequest } from '../messages.js';
import { type Affine, affineOf } from './layer.js';
import { modelViewOf } from './model-view.js';
import type { Pace } from './pace.js';
import type { PlanedData } from './plane.js';
import { proofOf } from './proof.js';

/** The least time between messages: drawing the weights takes the page a few milliseconds. */
const PAUSE_MS = 150;

/** The number of samples in the gradient check. */
const PROOF_SAMPLES = 16;

export interface Learnt {
  readonly model: SoftmaxRegression<Label>;
  readonly result: FitResult;
  readonly isStopped: boolean;
  /** The last gradient check of this training. */
  readonly proof: GradcheckResult | undefined;
  readonly milliseconds: number;
}

export interface Run {
  readonly tell: (report: Report) => void;
  readonly signal: AbortSignal;
  readonly pace: Pace;
}

/** Trains to the end, or until it is stopped; the model then has the weights of the last epoch. */
export async function train(data: PlanedData, request: TrainRequest, run: Run): Promise<Learnt> {
  const watcher = new Watcher(data, run);
  const started = performance.now();
  const { model, result, isStopped } = await fitted(data, request, watcher, run.signal);
  const milliseconds = performance.now() - started - run.pace.waited;
  await watcher.tell(affineOf(model));
  return { model, result, isStopped, proof: watcher.proof, milliseconds };
}

/**
 * With at most so many epochs, the state after each one is kept, so that a training stops within an epoch. With more, whose
 * histories would make that slow, it stops at the end of an epoch, which is then short.
 */
const MOST_KEPT = 1000;

async function fitted(
  data: PlanedData,
  request: TrainRequest,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Pick<Learnt, 'model' | 'result' | 'isStopped'>> {
  const { features, labels } = data.samples;
  const options: FitOptions<Label> = {
    ...request.options,
    ...{ classes: data.classes, ...namesOf(data), validation: data.test },
    ...watcher.options,
  };
  const isKept = isToOptimum(request) || !(Number(request.options.epochs) > MOST_KEPT);
  let kept: { readonly bytes: Uint8Array; readonly epochs: number } | undefined;
  const write = (bytes: Uint8Array) => {
    // After an abort within an epoch, the state is not that of its end.
    if (watcher.epochs > (kept?.epochs ?? 0)) kept = { bytes, epochs: watcher.epochs };
  };
  try {
    const fit = await SoftmaxRegression.fit<Label>(features, labels, {
      ...options,
      signal: isKept ? signal : watcher.end,
      // One is written on abort too.
      checkpoint: isKept ? { write } : { write, every: { epochs: Number.MAX_SAFE_INTEGER } },
    });
    return { ...fit, isStopped: false };
  } catch (error) {
    if (isSoftmaxRegressionError(error) || !signal.aborted || kept === undefined) throw error;
    const { bytes, epochs } = kept;
    const [limit, noun] = isToOptimum(request) ? [{ maxIterations: epochs }, 'iterations'] : [{ epochs }, 'epochs'];
    const of = `${epochs.toLocaleString('en')} of ${watcher.epochsOfAll.toLocaleString('en')} ${noun}`;
    // Resumed only to end at the point where it was stopped.
    const ended = await SoftmaxRegression.fit<Label>(features, labels, { ...options, ...limit, resume: bytes });
    const result: FitResult = { ...ended.result, reason: 'iterations', advice: `Stopped by hand after ${of}.` };
    return { ...ended, result, isStopped: true };
  }
}

/** What the model stores of its columns: the schema of the table, or their names. */
function namesOf({ schema, featureNames }: PlanedData) {
  return schema === undefined ? { featureNames } : { schema };
}

/** Tells the page how the training goes. */
class Watcher {
  /** The epochs that are done. */
  epochs = 0;
  /** The most that may be done. */
  epochsOfAll = Number.POSITIVE_INFINITY;
  proof: GradcheckResult | undefined;
  readonly #data: PlanedData;
  readonly #run: Run;
  readonly #end = new AbortController();
  #points: CurvePoint[] = [];
  #told = Number.NEGATIVE_INFINITY;
  #progressed = Number.NEGATIVE_INFINITY;

  constructor(data: PlanedData, run: Run) {
    this.#data = data;
    this.#run = run;
  }

  readonly options: FitOptions<Label> = {
    onProgress: ({ epoch, epochs, step, steps }) => {
      this.epochsOfAll = epochs;
      const now = performance.now();
      if (now - this.#progressed < PAUSE_MS) return;
      this.#progressed = now;
      this.#run.tell({ kind: 'progress', epoch, epochs, share: (epoch - 1 + step / steps) / epochs });
    },
    onEpochEnd: async (epoch, { loss, val_loss, val_acc }, parameters) => {
      const heldOut = { heldOutLoss: val_loss as number, heldOutAccuracy: val_acc as number };
      this.#points.push({ epoch: epoch + 1, loss, ...heldOut });
      this.epochs = epoch + 1;
      const { pace, signal, tell } = this.#run;
      const waits = pace.waitsAfter(this.epochs);
      if (waits || performance.now() - this.#told >= PAUSE_MS) {
        await this.tell(await parameters());
        this.#told = performance.now();
      }
      // After the last epoch there is nothing to wait for.
      if (waits && this.epochs < this.epochsOfAll)
        await pace.after(this.epochs, signal, () => tell({ kind: 'paused', epoch: this.epochs }));
      if (signal.aborted) this.#end.abort(signal.reason);
    },
  };

  /** Aborted at the end of the epoch in which the training is stopped. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  /** The curve so far, these weights, and the proof of their gradient. */
  async tell(affine: Affine): Promise<void> {
    if (this.#points.length > 0) this.#run.tell({ kind: 'epoch', points: this.#points });
    this.#points = [];
    const { classes, featureNames, image, samples } = this.#data;
    const numFeatures = samples.features.shape[1];
    const shown = { classes, featureNames, image, numFeatures, deviations: this.#data.deviations?.scale };
    const view = modelViewOf(affine, shown, this.#data);
    const proof = await proofOf(affine, this.#data, PROOF_SAMPLES);
    this.proof = proof ?? this.proof;
    this.#run.tell({ kind: 'weights', proof, ...view });
  }
}

function isToOptimum({ options }: TrainRequest): boolean {
  const { defaults } = optionFields().find(({ name }) => name === 'maxIterations') as OptionField;
  return String(options.solver) in defaults;
}
