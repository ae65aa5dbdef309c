// web: one training for the page, and its reports.
import {
  type FirstOrderSolver,
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
  /** Undefined if a training by steps was stopped. */
  readonly result: FitResult | undefined;
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
  const { model, result } = await fitted(data, request, watcher, run.signal);
  const milliseconds = performance.now() - started - run.pace.waited;
  await watcher.tell(affineOf(model));
  return { model, result, proof: watcher.proof, milliseconds };
}

async function fitted(
  data: PlanedData,
  request: TrainRequest,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Pick<Learnt, 'model' | 'result'>> {
  const { features, labels } = data.samples;
  const options: FitOptions<Label> = {
    ...request.options,
    ...{ classes: data.classes, ...namesOf(data), validation: data.test, signal },
    ...watcher.options,
  };
  let kept: Uint8Array | undefined;
  const write = (bytes: Uint8Array) => {
    kept = bytes;
  };
  try {
    return await SoftmaxRegression.fit<Label>(features, labels, {
      ...options,
      ...(isToOptimum(request) ? { checkpoint: { write } } : {}),
    });
  } catch (error) {
    if (isSoftmaxRegressionError(error) || !signal.aborted || watcher.last === undefined) throw error;
    if (kept === undefined) return { model: await modelOf(watcher.last, data, request), result: undefined };
    // Resumed only to end at the point where it was stopped.
    const ended = { ...options, signal: undefined, resume: kept, maxIterations: watcher.epochs };
    return SoftmaxRegression.fit<Label>(features, labels, ended);
  }
}

/** What the model stores of its columns: the schema of the table, or their names. */
function namesOf({ schema, featureNames }: PlanedData) {
  return schema === undefined ? { featureNames } : { schema };
}

/** A model with the weights of a training by steps that was stopped. */
async function modelOf({ weight, bias, columns }: Affine, data: PlanedData, { options }: TrainRequest) {
  const { classes } = data;
  const [q, numFeatures] = [classes.length, weight.length / classes.length];
  const rows = Array.from({ length: numFeatures }, (_, j) => weight.subarray(j * q, (j + 1) * q));
  const warmStart = { classes, numFeatures, weight: rows, bias, columns };
  if (columns !== undefined) {
    // Only `fit` keeps columns. At this rate, its one epoch changes no weight.
    const still = { ...options, ...namesOf(data), classes, warmStart, epochs: 1, learningRate: 1e-38 };
    return (await SoftmaxRegression.fit<Label>(data.samples.features, data.samples.labels, still)).model;
  }
  const { solver, l2 } = options as { readonly solver: FirstOrderSolver; readonly l2?: number };
  return SoftmaxRegression.untrained<Label>({ classes, numFeatures, ...namesOf(data), solver, l2, warmStart });
}

/** Tells the page how the training goes. */
class Watcher {
  /** After the last epoch that was done. */
  last: Affine | undefined;
  epochs = 0;
  proof: GradcheckResult | undefined;
  readonly #data: PlanedData;
  readonly #run: Run;
  #epochsOfAll = Number.POSITIVE_INFINITY;
  #points: CurvePoint[] = [];
  #told = Number.NEGATIVE_INFINITY;
  #progressed = Number.NEGATIVE_INFINITY;

  constructor(data: PlanedData, run: Run) {
    this.#data = data;
    this.#run = run;
  }

  readonly options: FitOptions<Label> = {
    onProgress: ({ epoch, epochs, step, steps }) => {
      this.#epochsOfAll = epochs;
      const now = performance.now();
      if (now - this.#progressed < PAUSE_MS) return;
      this.#progressed = now;
      this.#run.tell({ kind: 'progress', epoch, epochs, share: (epoch - 1 + step / steps) / epochs });
    },
    onEpochEnd: async (epoch, { loss, val_loss, val_acc }, parameters) => {
      const heldOut = { heldOutLoss: val_loss as number, heldOutAccuracy: val_acc as number };
      this.#points.push({ epoch: epoch + 1, loss, ...heldOut });
      this.last = await parameters();
      this.epochs = epoch + 1;
      const { pace, signal, tell } = this.#run;
      const waits = pace.waitsAfter(this.epochs);
      if (!waits && performance.now() - this.#told < PAUSE_MS) return;
      await this.tell(this.last);
      this.#told = performance.now();
      // After the last epoch there is nothing to wait for.
      if (!waits || this.epochs >= this.#epochsOfAll) return;
      await pace.after(this.epochs, signal, () => tell({ kind: 'paused', epoch: this.epochs }));
    },
  };

  /** The curve so far, these weights, and the proof of their gradient. */
  async tell(affine: Affine): Promise<void> {
    if (this.#points.length > 0) this.#run.tell({ kind: 'epoch', points: this.#points });
    this.#points = [];
    const { classes, featureNames, image, samples } = this.#data;
    const shown = { classes, featureNames, image, numFeatures: samples.features.shape[1] };
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
