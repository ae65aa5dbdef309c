// web: the page: its controls, and their handlers. The worker does all the work.
import type { BackendName } from 'softmax-regression';
import { shortNumber } from './charts.js';
import { openClient } from './client.js';
import { type Suggestions, TrainingForm } from './form.js';
import type {
  BackendWish,
  CurvePoint,
  DataSummary,
  HeldOutScores,
  ModelSummary,
  Report,
  Trained,
  TrainRequest,
} from './messages.js';
import { keepOffline } from './offline.js';
import { PredictView } from './predict.js';
import { TableForm } from './table.js';
import { byId, count, percent, showCurve, showProof, showWeights } from './views.js';

interface State {
  /** The current task; data, backend and training are locked during it. */
  busy: 'backend' | 'files' | 'training' | undefined;
  data: DataSummary | undefined;
  model: ModelSummary | undefined;
  classes: readonly string[];
  points: readonly CurvePoint[];
  /** Whether the last training goes to the optimum, in iterations; else it goes by epochs. */
  isToOptimum: boolean;
  /** The number of quarters of the training announced so far. */
  quarter: number;
}

const state: State = {
  ...{ busy: 'backend', data: undefined, model: undefined, classes: [], points: [] },
  isToOptimum: true,
  quarter: 0,
};

const input = (id: string) => byId<HTMLInputElement>(id);
const say = (id: string, text: string) => {
  byId(id).textContent = text;
};
const noun = () => (state.isToOptimum ? 'iteration' : 'epoch');

const client = openClient(hear, lost);
const predict = new PredictView(client, fail);
const table = new TableForm();

/** Shows an error; the page stays usable. */
function fail(error: unknown): void {
  const alert = byId('error');
  alert.textContent = error instanceof Error ? error.message : String(error);
  alert.hidden = false;
  alert.scrollIntoView({ block: 'nearest' });
}

function refresh(): void {
  const { busy, data, model } = state;
  for (const id of ['iris', 'files', 'read', 'open']) input(id).disabled = busy !== undefined;
  for (const radio of document.querySelectorAll<HTMLInputElement>('[name=backend]')) {
    radio.disabled = busy !== undefined || radio.dataset.refused !== undefined;
  }
  input('train').disabled = busy !== undefined || data === undefined;
  input('stop').disabled = busy !== 'training';
  input('save').disabled = busy !== undefined || model === undefined;
  input('report').disabled = busy !== undefined || model?.scores === undefined || data === undefined;
  byId('progress').hidden = busy !== 'training';
}

/** The worker failed, and another is in its place. */
function lost(message: string): void {
  fail(new Error(message));
  forget();
  say('data-state', '');
  say('status', 'Choose data to begin.');
  void client.call('chooseBackend', current).catch(fail);
}

/** Without data and model. */
function forget(): void {
  table.close();
  state.data = undefined;
  showModel(undefined);
  clear();
  refresh();
}

/** Runs one task at a time and shows its error. */
async function during(busy: NonNullable<State['busy']>, work: () => Promise<void>): Promise<void> {
  byId('error').hidden = true;
  const focused = document.activeElement;
  state.busy = busy;
  refresh();
  // A disabled control loses the focus, so whoever starts a training by keyboard can stop it by the next key.
  if (focused === byId('train')) byId('stop').focus();
  try {
    await work();
  } catch (error) {
    fail(error);
  } finally {
    state.busy = undefined;
    const isLost = document.activeElement === document.body || document.activeElement === byId('stop');
    refresh();
    if (isLost && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

function hear(report: Report): void {
  switch (report.kind) {
    case 'progress':
      showProgress(report);
      return;
    case 'epoch': {
      state.points = [...state.points, ...report.points];
      const last = state.points[state.points.length - 1];
      say('loss', shortNumber(last.loss));
      say('held-out-loss', shortNumber(last.heldOutLoss));
      say('accuracy', percent(last.heldOutAccuracy));
      showCurve(state.points, noun());
      return;
    }
    case 'weights':
      showWeights(report.weights, state.classes);
      showProof(report.proof);
      return;
    default:
      report satisfies never;
  }
}

/** The bar moves continuously; screen readers hear each quarter. */
function showProgress({ epoch, epochs, share }: Extract<Report, { kind: 'progress' }>): void {
  byId<HTMLProgressElement>('progress').value = share;
  const quarter = Math.floor(4 * share);
  if (quarter <= state.quarter || share === 1) return;
  state.quarter = quarter;
  say('status', `Training: ${noun()} ${epoch} of ${epochs}${state.isToOptimum ? ' at most' : ''}.`);
}

async function chooseBackend(wish: BackendWish): Promise<void> {
  const isOwn = wish !== 'small' && wish !== 'large';
  try {
    const { backend, line, refused } = await client.call('chooseBackend', wish);
    say('backend-state', `${line.replace(/^backend: /, 'Computes on ')}.`);
    for (const { backend: name, reason } of isOwn ? [] : refused) refuse(name, reason);
    current = backend;
  } catch (error) {
    if (isOwn) refuse(wish, 'it does not work here');
    throw error;
  } finally {
    const radio = document.querySelector<HTMLInputElement>(`[name=backend][value=${current}]`);
    if (radio !== null) radio.checked = true;
  }
}

let current: BackendName = 'cpu';
/** Whether the user chose the backend. */
let isChosen = false;

/** Numbers in the features of data for which a GPU saves time. */
const LARGE = 1e6;

function refuse(name: BackendName, reason: string): void {
  const radio = document.querySelector<HTMLInputElement>(`[name=backend][value=${name}]`);
  if (radio === null) return;
  radio.dataset.refused = reason;
  (radio.parentElement as HTMLElement).title = `Not here: ${reason}`;
}

async function showData(data: DataSummary): Promise<void> {
  state.data = data;
  if (data.columns === undefined) table.close();
  else table.tell(data.columns);
  state.classes = data.classes.map(String);
  const { trainingSamples, heldOut, numFeatures, image, note } = data;
  const size = image === undefined ? count(numFeatures, 'feature') : `${image.width} × ${image.height} pixels`;
  const classes = count(data.classes.length, 'class', 'classes');
  const samples = `${trainingSamples.toLocaleString('en')} samples to learn from, ${heldOut.toLocaleString('en')} held out`;
  say('data-state', `${data.name}: ${samples}; ${size}, ${classes}. ${note}`);
  form.suggest(suggestionsFor(data));
  showModel(undefined);
  clear();
  say('status', 'Ready to train.');
  if (!isChosen && trainingSamples * numFeatures >= LARGE) await chooseBackend('large');
}

function clear(): void {
  state.points = [];
  state.quarter = 0;
  for (const id of ['loss', 'held-out-loss', 'accuracy', 'gap']) say(id, '–');
  say('accuracy-note', 'of held-out samples');
  say('loss-note', 'nats per sample');
  say('loss-name', state.isToOptimum ? 'Objective' : 'Training loss');
  say('curve-name', state.isToOptimum ? 'objective' : 'training');
  byId('weights').replaceChildren();
  byId('proof-table').hidden = true;
  say('proof', 'Appears during training, at the current weights.');
  showCurve([], noun());
}

function showModel(model: ModelSummary | undefined): void {
  state.model = model;
  if (model !== undefined) {
    state.classes = model.classes.map(String);
    showWeights(model.weights, state.classes);
    say(
      'weights-hint',
      model.weights.kind === 'images'
        ? 'One weight for each pixel and class. Blue: a bright pixel raises the score of the class. Orange: it lowers the score.'
        : 'The change in the score of each class per standard deviation of a feature. Blue raises the score, orange lowers it.',
    );
    if (model.scores !== undefined) showScores(model.scores);
  }
  predict.show(model, model?.scores !== undefined);
}

function showScores({ accuracy, interval, logLoss, samples }: HeldOutScores): void {
  say('accuracy', percent(accuracy));
  say('accuracy-note', `95 %: ${percent(interval.lower)} to ${percent(interval.upper)}, ${count(samples, 'sample')}`);
  say('held-out-loss', shortNumber(logLoss));
}

/** Options for a training of seconds: images in steps, so that their weights are seen to develop. */
function suggestionsFor({ image }: DataSummary): Suggestions {
  if (image !== undefined) return { solver: 'adam', standardize: false };
  return { solver: 'lbfgs', standardize: true, epochs: 100, batchSize: 32, learningRate: 0.05 };
}

async function train(): Promise<void> {
  const wanted: TrainRequest = { options: form.options() };
  state.isToOptimum = form.reads('maxIterations');
  state.classes = state.data?.classes.map(String) ?? [];
  clear();
  predict.forget();
  byId<HTMLProgressElement>('progress').removeAttribute('value');
  say('status', 'Training…');
  try {
    const trained = await client.call('train', wanted);
    showModel(trained.model);
    showEnd(trained);
  } catch (error) {
    clear();
    showModel(undefined);
    say('status', 'Training failed: there is no model.');
    throw error;
  }
}

function showEnd({ result, isStopped, milliseconds, model }: Trained): void {
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  const epochs = count(state.points.at(-1)?.epoch ?? 0, noun());
  const parameters = `${count(model.numParameters, 'parameter')} trained`;
  if (isStopped || result === undefined) {
    say('status', `Stopped after ${epochs}; the weights of that moment are the model.`);
    return;
  }
  const { reason, advice, suboptimality, objective } = result;
  say('loss', shortNumber(objective));
  say('loss-name', 'Objective');
  if (suboptimality !== null) say('loss-note', `at most ${shortNumber(suboptimality)} above the optimum`);
  const ends: Record<typeof reason, string> = {
    gradient: 'at the optimum',
    'no-progress': 'as near to the optimum as rounding allows',
    iterations: 'all iterations done',
    epochs: 'all epochs done',
    diverged: 'the loss overflowed: lower the learning rate; the model has the last finite weights',
    'early-stopping': 'the held-out loss stopped falling',
  };
  say('status', `${parameters} in ${epochs}, ${seconds}: ${ends[reason]}. ${advice ?? ''}`);
}

async function openFiles(files: readonly File[]): Promise<void> {
  const opened = await client.call('openFiles', files);
  switch (opened.kind) {
    case 'data':
      return showData(opened.data);
    case 'model':
      clear();
      showModel(opened.model);
      say(
        'model-state',
        `${files[0].name}: ${count(opened.model.numParameters, 'parameter')}, ${count(opened.model.classes.length, 'class', 'classes')}.`,
      );
      say(
        'status',
        opened.model.scores === undefined
          ? 'A model without data: predict below.'
          : 'The model, on the samples that are held out.',
      );
      return;
    case 'table': {
      const { file, columns, preview } = opened;
      forget();
      table.open(file, columns, preview);
      say('data-state', `${file.name}: ${count(columns.length, 'column')}. Which one holds the labels?`);
      say('status', 'Choose the column of labels, and read the table.');
      byId('label').focus();
      return;
    }
    default:
      opened satisfies never;
  }
}

async function readTable(): Promise<void> {
  const { file } = table;
  if (file === undefined) return;
  state.data = undefined;
  showModel(undefined);
  clear();
  say('data-state', `${file.name}: not read yet.`);
  say('status', 'Choose the column of labels, and read the table.');
  await showData(await client.call('openTable', file, table.options()));
}

function download(name: string, content: BlobPart, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function save(): Promise<void> {
  download('model.safetensors', await client.call('save'), 'application/octet-stream');
  say('model-state', 'Saved as model.safetensors.');
}

async function saveReport(): Promise<void> {
  const [values, { renderReport }] = await Promise.all([client.call('report'), import('softmax-regression/report')]);
  const now = new Date().toISOString().slice(0, 10);
  download('report.html', await renderReport({ ...values, date: now }), 'text/html');
  say('model-state', 'Saved as report.html.');
}

function listen(): void {
  const on = (id: string, event: string, act: (event: Event) => void) => byId(id).addEventListener(event, act);
  const files = (event: Event) => {
    const chosen = Array.from((event.target as HTMLInputElement).files ?? []);
    (event.target as HTMLInputElement).value = '';
    if (chosen.length > 0) void during('files', () => openFiles(chosen));
  };
  on('iris', 'click', () => void during('files', async () => showData(await client.call('openIris'))));
  on('files', 'change', files);
  on('open', 'change', files);
  on('read', 'click', () => void during('files', readTable));
  on('controls', 'submit', (event) => {
    event.preventDefault();
    if (!input('train').disabled) void during('training', train);
  });
  on('stop', 'click', () => void client.call('stop').catch(fail));
  on('save', 'click', () => void during('files', save));
  on('report', 'click', () => void during('files', saveReport));
  on('backends', 'change', (event) => {
    const { value } = event.target as HTMLInputElement;
    isChosen = true;
    if (value !== current) void during('backend', () => chooseBackend(value as BackendName));
  });
  const drop = byId('drop');
  window.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  window.addEventListener('dragleave', (event) => event.relatedTarget === null && drop.classList.remove('over'));
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const dropped = Array.from(event.dataTransfer?.files ?? []);
    if (state.busy !== undefined)
      return fail(new Error('Wait for the current work to end, or stop it; then drop the files again.'));
    if (dropped.length > 0) void during('files', () => openFiles(dropped));
  });
  new ResizeObserver(() => showCurve(state.points, noun())).observe(byId('loss-chart'));
}

let form: TrainingForm;

listen();
void during('backend', async () => {
  form = new TrainingForm(await client.call('fields'));
  await chooseBackend('small');
});
void keepOffline().then((isKept) => {
  byId('offline').hidden = !isKept;
});
