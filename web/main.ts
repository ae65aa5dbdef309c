// web: the page: its controls, and their handlers. The worker does all the work.
import { Address } from './address.js';
import { calm, fail, failAlso, notYet, workEnded } from './alert.js';
import { Backends } from './backends.js';
import { openClient } from './client.js';
import { saveModel, saveReport } from './downloads.js';
import { listenToDrops } from './dropping.js';
import { Findings } from './findings.js';
import { type Suggestions, TrainingForm } from './form.js';
import { showGradient } from './gradient-card.js';
import { inShort, isMade, readLink } from './link.js';
import type {
  BackendOfPage,
  DataSummary,
  ExampleName,
  ModelSummary,
  ModelView,
  OpenedModel,
  Report,
  TrainRequest,
} from './messages.js';
import { keepOffline } from './offline.js';
import { PredictView } from './predict.js';
import { RegionsView } from './regions.js';
import { Results } from './results.js';
import { RunBar } from './run.js';
import { suggestionsFor } from './suggestions.js';
import { namesOf, TableForm } from './table.js';
import { byId, count, say, sentenceOf, showProof, showWeights } from './views.js';

interface State {
  /** The current task; data, backend and training are locked during it. */
  busy: 'backend' | 'files' | 'training' | undefined;
  data: DataSummary | undefined;
  /** The name of the data, if they are an example. */
  example: ExampleName | undefined;
  model: ModelSummary | undefined;
  classes: readonly string[];
}

const state: State = { busy: 'backend', data: undefined, example: undefined, model: undefined, classes: [] };

const examples = [...document.querySelectorAll<HTMLButtonElement>('[data-example]')];
const input = (id: string) => byId<HTMLInputElement>(id);
const client = openClient(hear, lost);
const predict = new PredictView(client);
const address = new Address();
const table = new TableForm();
const backends = new Backends(client);
const results = new Results();
const findings = new Findings(client);
const run = new RunBar(client);
const regions = new RegionsView();

function refresh(): void {
  const { busy, data, model } = state;
  for (const id of ['files', 'read', 'open']) input(id).disabled = busy !== undefined;
  // A hidden field with a wrong value would block the form without a word; a disabled one does not.
  input('data-seed').disabled = busy !== undefined || !isMade(state.example);
  for (const button of examples) button.disabled = busy !== undefined;
  backends.lock(busy !== undefined);
  // A training keeps its options, and so does its link, also while it pauses.
  byId<HTMLFieldSetElement>('options').disabled = busy !== undefined;
  run.refresh(busy === 'training', busy === undefined && data !== undefined);
  for (const id of ['save', 'save-onnx']) input(id).disabled = busy !== undefined || model === undefined;
  byId('save-hint').hidden = busy !== 'training';
  input('report').disabled = busy !== undefined || model?.scores === undefined || data === undefined;
}

/** The worker failed, and another is in its place. */
function lost(message: string): void {
  fail(message);
  forget();
  say('status', 'Choose data to begin.');
  void client.call('chooseBackend', backends.current).catch(fail);
}

/** Without data and model. */
function forget(): void {
  table.close();
  state.data = undefined;
  state.example = undefined;
  address.update({ data: undefined });
  showSeed(undefined);
  say('data-state', '');
  regions.open(undefined, []);
  showModel(undefined);
  results.clear();
  refresh();
}

/** The field of the seed, for points that are made. It is never hidden with a wrong value, which nobody could correct. */
function showSeed(example: ExampleName | undefined): void {
  byId('points').hidden = !isMade(example);
  if (!isMade(example) && !input('data-seed').validity.valid) input('data-seed').value = '';
}

/** Runs one task at a time and shows its error. */
async function during(busy: NonNullable<State['busy']>, work: () => Promise<void>): Promise<void> {
  calm();
  say('model-state', '');
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
    workEnded();
    const active = document.activeElement;
    refresh();
    const isLost = active === document.body || active?.matches(':disabled');
    if (isLost && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

function hear(report: Report): void {
  switch (report.kind) {
    case 'progress':
      results.showProgress(report);
      return;
    case 'epoch':
      results.add(report.points);
      run.epoch = results.epoch;
      return;
    case 'paused':
      if (!run.pausedAfter(report.epoch)) return;
      address.update({ at: report.epoch });
      say('status', `Paused after ${count(report.epoch, results.noun)}.`);
      return;
    case 'weights':
      showView(report);
      showProof(report.proof);
      return;
    default:
      report satisfies never;
  }
}

function showView({ weights, gradient, regions: logits }: ModelView): void {
  showWeights(weights, state.classes);
  showGradient(gradient, weights, state.classes);
  regions.show(logits, state.classes);
}

/** Numbers in the features of data for which a GPU saves time. */
const LARGE = 1e6;

async function showData(data: DataSummary, example?: ExampleName, options?: Suggestions): Promise<void> {
  state.data = data;
  state.example = example;
  showSeed(example);
  address.update({ data: undefined });
  if (data.columns === undefined) table.close();
  else table.tell(data.columns);
  state.classes = data.classes.map(String);
  say('data-state', sentenceOf(data));
  regions.open(data.plane, state.classes);
  form.suggest(suggestionsFor(data), options);
  showModel(undefined);
  results.clear();
  say('status', 'Ready to train.');
  if (!backends.isChosen && data.trainingSamples * data.numFeatures >= LARGE) await backends.choose('large');
}

function showModel(model: ModelSummary | undefined): void {
  state.model = model;
  address.update({ at: undefined });
  showLesson();
  if (model !== undefined) {
    state.classes = model.classes.map(String);
    showView(model.view);
    if (model.scores !== undefined) results.showScores(model.scores);
  }
  if (model === undefined) regions.show(undefined, []);
  findings.show(model?.scores !== undefined);
  predict.show(model, model?.scores !== undefined);
}

function showLesson(lesson = ''): void {
  say('lesson', lesson);
  byId('lesson').hidden = lesson === '';
}

/**
 * @param until where to pause; none by default
 * @param stopsThere whether to stop there instead
 */
async function train(until?: number, stopsThere = false): Promise<void> {
  const wanted: TrainRequest = { options: form.options(), pace: run.begin(until, stopsThere) };
  address.update({ data: state.example, options: wanted.options, at: undefined });
  state.classes = state.data?.classes.map(String) ?? [];
  results.clear(form.reads('maxIterations'));
  regions.show(undefined, []);
  predict.forget();
  findings.show(false);
  showLesson();
  byId<HTMLProgressElement>('progress').removeAttribute('value');
  say('status', 'Training…');
  try {
    const trained = await client.call('train', wanted);
    showModel(trained.model);
    results.showEnd(trained);
    address.update({ at: trained.isStopped ? `${results.epoch}-stopped` : 'end' });
    showLesson(state.data?.lesson);
    if (until !== undefined && !trained.isStopped && results.epoch < until) {
      const [asked, done] = [until, results.epoch].map((epoch) => count(epoch, results.noun));
      failAlso(`The link asks for the state after ${asked}, but the training ended after ${done}.`);
    }
  } catch (error) {
    results.clear();
    showModel(undefined);
    say('status', 'Training failed: there is no model.');
    throw error;
  } finally {
    run.end();
  }
}

/** @param options in place of those that suit the data */
async function openExample(name: ExampleName, options?: Suggestions): Promise<void> {
  const dataSeed = Number(input('data-seed').value);
  const data = await client.call('openExample', name, dataSeed);
  await showData(data, name, options);
  address.update({ data: name, dataSeed, options: form.options() });
}

/** Shows what the link of the page says, and what it says wrongly. */
async function followLink(): Promise<void> {
  // Without a worker there is no form, and the link stays for a reload.
  if (location.search === '' || form === undefined) return;
  const { state: wanted, wrong } = readLink(
    location.search,
    form.fields,
    examples.map(({ id }) => id),
  );
  const { data, dataSeed, options, backend, at } = wanted;
  const faults = [...wrong];
  if (backend !== undefined) {
    const choose = chooseBackend(backend).catch((error: Error) => void faults.push(error.message));
    await during('backend', () => choose);
  }
  let invalid: string | undefined;
  await during('files', async () => {
    if (data !== undefined) {
      input('data-seed').value = dataSeed === 0 ? '' : String(dataSeed);
      await openExample(data, Object.keys(options).length === 0 ? undefined : options);
    }
    invalid = await client.call('faultOf', form.options());
  });
  for (const name of Object.keys(options).filter((each) => !form.reads(each)))
    faults.push(`In the link, ${name} has no effect with the solver ${form.solver}.`);
  if (invalid !== undefined) faults.push(invalid);
  else if (at !== undefined && state.data !== undefined) {
    const until = at === 'end' ? undefined : Number.parseInt(String(at), 10);
    void during('training', () => train(until, String(at).endsWith('-stopped')));
  }
  if (faults.length > 0) fail(inShort(faults));
}

async function chooseBackend(backend: BackendOfPage): Promise<void> {
  backends.isChosen = true;
  await backends.choose(backend);
  address.update({ backend });
}

async function openFiles(files: readonly File[]): Promise<void> {
  const opened = await client.call('openFiles', files);
  switch (opened.kind) {
    case 'data':
      return showData(opened.data);
    case 'model':
      if (opened.model.scores === undefined) forget();
      address.update({ data: undefined });
      results.clear();
      showModel(opened.model);
      say(
        'model-state',
        `${files[0].name}: ${count(opened.model.numParameters, 'parameter')}, ${count(opened.model.classes.length, 'class', 'classes')}.`,
      );
      say('status', statusOf(opened));
      return;
    case 'table': {
      forget();
      say('data-state', table.open(opened));
      say('status', 'Choose the column of labels, and read the table.');
      byId('label').focus();
      return;
    }
    default:
      opened satisfies never;
  }
}

function statusOf({ model, closed }: OpenedModel): string {
  if (model.scores !== undefined) return `A model is open, tested on the held-out samples of ${state.data?.name}.`;
  const why = closed === undefined ? '' : `: ${closed.name} was closed, as ${closed.reason}`;
  return `A model is open, without data${why}. Predict below, or choose data to train.`;
}

async function readTable(): Promise<void> {
  const { files } = table;
  if (files === undefined) return;
  state.data = undefined;
  regions.open(undefined, []);
  showModel(undefined);
  results.clear();
  say('data-state', `${namesOf(files)}: not read yet.`);
  say('status', 'Choose the column of labels, and read the table.');
  try {
    await showData(await client.call('openTable', files, table.options()));
  } catch (error) {
    table.openFieldsIn(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function listen(): void {
  const on = (id: string, event: string, act: (event: Event) => void) => byId(id).addEventListener(event, act);
  const files = (event: Event) => {
    const chosen = Array.from((event.target as HTMLInputElement).files ?? []);
    (event.target as HTMLInputElement).value = '';
    if (chosen.length > 0) void during('files', () => openFiles(chosen));
  };
  for (const { id } of examples) on(id, 'click', () => void during('files', () => openExample(id as ExampleName)));
  on('data-seed', 'change', () => {
    const { example } = state;
    if (example !== undefined) void during('files', () => openExample(example, form.options()));
  });
  on('files', 'change', files);
  on('open', 'change', files);
  on('read', 'click', () => void during('files', readTable));
  on('controls', 'submit', (event) => {
    event.preventDefault();
    if (!input('train').disabled) void during('training', () => train());
  });
  on('step', 'click', () => {
    if (state.busy === 'training') run.step();
    else void during('training', () => train(1));
  });
  on('save', 'click', () => void during('files', () => saveModel(client, 'safetensors')));
  on('save-onnx', 'click', () => void during('files', () => saveModel(client, 'onnx')));
  on('report', 'click', () => void during('files', () => saveReport(client)));
  on('backends', 'change', (event) => {
    const { value } = event.target as HTMLInputElement;
    if (value !== backends.current) void during('backend', () => chooseBackend(value as BackendOfPage));
  });
  on('controls', 'input', calm);
  on('options', 'change', () => address.update({ options: form.options(), at: undefined }));
  listenToDrops((dropped) => {
    if (state.busy !== undefined)
      return notYet('Wait for the current work to end, or stop it; then drop the files again.');
    if (dropped.length > 0) void during('files', () => openFiles(dropped));
  });
}

let form: TrainingForm;

listen();
void during('backend', async () => {
  form = new TrainingForm(await client.call('fields'));
  await backends.choose('small');
}).then(followLink);
void keepOffline().then((isKept) => {
  byId('offline').hidden = !isKept;
});
