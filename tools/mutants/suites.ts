// The suites and backends for the mutants of each file: the cheap ones first, the others for the survivors.
import type { TestBackend } from '../../test/helpers/backends.js';

export interface Round {
  readonly backends: readonly TestBackend[];
  /** The names of files in test/, without `.test.ts`. */
  readonly suites: readonly string[];
}

const REFERENCE = [
  'matrix',
  'softmax',
  'dense',
  'one-hot',
  'information',
  'cross-entropy',
  'finite-difference',
  'phm',
].map((name) => `reference-${name}`);
const NN = [
  'tensors',
  'one-hot',
  'softmax',
  'dense',
  'phm',
  'reduction',
  'cross-entropy',
  'information',
  'layers-loss',
  'memory',
];
const METRICS = [
  'metrics',
  'metrics-agreement',
  'metrics-calibration',
  'metrics-comparison',
  'metrics-curves',
  'metrics-ranking',
  'metrics-weights',
];
const SOLVERS = ['lbfgs', 'proximal-newton', 'row-block', 'objective-plain', 'simd'];

/** The suites of each file. A file that is missing here is an error. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  ...of('reference', {
    'cross-entropy': ['reference-cross-entropy'],
    dense: ['reference-dense', 'reference-cross-entropy'],
    distribution: ['reference-information', 'reference-cross-entropy'],
    'finite-difference': ['reference-finite-difference'],
    information: ['reference-information'],
    matrix: ['reference-matrix', 'reference-dense'],
    'one-hot': ['reference-one-hot'],
    phm: ['reference-phm'],
    products: ['reference-matrix', 'reference-dense', 'reference-phm'],
    reduction: ['reference-cross-entropy', 'reference-information'],
    softmax: ['reference-softmax', 'reference-cross-entropy'],
    weighing: ['reference-cross-entropy'],
  }),
  ...of('nn', {
    'cross-entropy': ['cross-entropy'],
    dense: ['dense', 'layers-loss'],
    fused: ['cross-entropy'],
    information: ['information'],
    labels: ['one-hot', 'tensors', 'cross-entropy'],
    layer: ['dense', 'phm'],
    'one-hot': ['one-hot', 'cross-entropy'],
    penalty: ['dense', 'fit'],
    phm: ['phm'],
    'rank-sum': ['rank-sum'],
    reduction: ['reduction', 'cross-entropy'],
    softmax: ['softmax', 'cross-entropy'],
    tensors: ['tensors', 'softmax'],
    values: ['tensors', 'softmax', 'cross-entropy'],
    weighing: ['cross-entropy'],
  }),
  ...of('optim', {
    'active-set': ['active-set'],
    'block-metric': ['proximal-newton', 'lbfgs'],
    'block-products': ['simd', 'row-block', 'objective-plain'],
    cholesky: ['simd', 'lbfgs', 'row-block'],
    'compact-curvature': ['proximal-newton'],
    'composite-quadratic': ['proximal-newton'],
    'first-order': ['first-order'],
    lbfgs: ['lbfgs'],
    'line-search': ['lbfgs'],
    'newton-cg': ['newton-cg'],
    penalty: ['objective-plain', 'certificate', 'proximal-newton'],
    'proximal-newton': ['proximal-newton'],
    schedule: ['schedule'],
    solver: ['lbfgs', 'proximal-newton'],
    'two-loop': ['simd', 'lbfgs'],
  }),
  ...of('metrics', {
    agreement: ['metrics-agreement'],
    baseline: ['baseline'],
    calibration: ['metrics-calibration'],
    classification: ['metrics'],
    comparison: ['metrics-comparison'],
    confusion: ['metrics', 'metrics-agreement'],
    curves: ['metrics-curves'],
    inputs: ['metrics', 'metrics-agreement', 'metrics-comparison'],
    interval: ['metrics-agreement', 'metrics-comparison'],
    ranking: ['metrics-ranking'],
    scores: ['scores'],
  }),
  ...of('formats', {
    arrow: ['arrow'],
    'arrow-messages': ['arrow'],
    lz4: ['arrow'],
    packages: ['parquet'],
    parquet: ['parquet'],
    parts: ['parquet', 'arrow'],
    provide: ['parquet', 'arrow'],
    sql: ['sql'],
    'table-bytes': ['table-bytes', 'sql'],
  }),
};

/** The suites of the whole room and of the rooms that use it. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  reference: [...REFERENCE, 'softmax', 'dense', 'phm', 'information', 'cross-entropy'],
  nn: [...NN, 'weights', 'layers-loss', 'fit'],
  optim: [
    ...SOLVERS,
    'first-order',
    'schedule',
    'certificate',
    'solver-properties',
    'fit-l1',
    'fit-lbfgs',
    'golden-solver',
  ],
  metrics: [...METRICS, 'evaluation', 'calibrate', 'report'],
  formats: ['parquet', 'arrow', 'sql', 'reading', 'json-lines'],
};

function of(room: string, files: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(files).map(([name, suites]) => [`${room}/${name}.ts`, suites]));
}

export function roomOf(file: string): string {
  return file.split('/')[0];
}

/** One process each: first the suites of the file on the cpu backend, then the wider suites. */
export function roundsOf(file: string, backends: readonly TestBackend[]): readonly Round[] {
  const own = OWN[file];
  if (own === undefined) throw new Error(`${file} has no suites in tools/mutants/suites.ts`);
  const wider = WIDER[roomOf(file)].filter((suite) => !own.includes(suite));
  const others = backends.filter((backend) => backend !== 'cpu');
  const rounds: Round[] = [{ backends: ['cpu'], suites: own }];
  // Code without tensors is the same on every backend.
  if (roomOf(file) === 'nn') rounds.push({ backends: others, suites: own }, { backends, suites: wider });
  else rounds.push({ backends: ['cpu'], suites: wider });
  return rounds;
}
