// The types of the packed package, and the TypeScript of the README and the guides, under every supported compiler.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/node/files.js';
import { allBlocks, blocksOf, type DocBlock } from '../helpers/doc-blocks.js';
import { installPacked, npmInstall, run } from '../helpers/packed.js';

const root = join(__dirname, '..', '..');
let folder: string;
let project: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'types-test-'));
  ({ project } = await installPacked(folder));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Options that are passed on, undefined or not, a schema that a model keeps, and one error that must be found. */
const CONSUMER = `import { createReadStream, readFileSync } from 'node:fs';
import { encodeRows, type FitOptions, loadIris, parseCsv, readCsvRows, SoftmaxRegression, toOnnx } from 'softmax-regression';
import { fileCheckpoint, readCheckpoint } from 'softmax-regression/node';
import { loadPredictor } from 'softmax-regression/predict';
import { oneHot } from 'softmax-regression/reference';
import { renderReport } from 'softmax-regression/report';
export async function onnx() {
  const { features, labels, featureNames } = loadIris();
  const { model } = await SoftmaxRegression.fit(features, labels, { l2: 0.01 });
  const species: readonly ('setosa' | 'versicolor' | 'virginica')[] = model.predict(features);
  return [toOnnx(model), toOnnx(model, { featureNames }), species];
}
export async function resumed(features: number[][], labels: string[]) {
  const checkpoint = fileCheckpoint('run.checkpoint', { every: { epochs: 5 } });
  const resume = await readCheckpoint('run.checkpoint');
  return SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs: 100, checkpoint, resume });
}
export async function table() {
  const { features, labels, schema } = parseCsv(readFileSync('pets.csv'), { label: 'kind', missing: 'mean' });
  const { model } = await SoftmaxRegression.fit(features, labels, { schema });
  model.predict(encodeRows(model.schema, [{ width: 1.5, colour: 'red' }]));
  for await (const { rows } of readCsvRows(createReadStream('new.csv'), model.schema, { name: 'new.csv' })) {
    console.log(rows);
  }
}
export const doors = [loadPredictor, oneHot, renderReport];
export const wrong = { l2: 1, epochs: 'many' as string } satisfies FitOptions<string>;
`;
const WRONG = /^consumer\.mts\(27,\d+\): error TS2322: Type 'string' is not assignable to type 'number/;

const STRICT = { strict: true };
const STRICTEST = {
  ...STRICT,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
};

const RESOLUTIONS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];
const BUNDLER = RESOLUTIONS[2];

const OWN = join(root, 'node_modules', 'typescript');

/**
 * The errors in `files` and in the declarations of this package; those in other packages are left out.
 *
 * @param typescript the folder of a TypeScript package
 */
async function errorsOf(
  files: Readonly<Record<string, string>>,
  options: object,
  typescript: string,
): Promise<readonly string[]> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const compilerOptions = {
    ...{ target: 'es2022', types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
    ...{ noEmit: true, skipLibCheck: false, ...options },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const { stdout } = await run(process.execPath, [join(typescript, 'bin', 'tsc'), '--pretty', 'false'], project);
  // Indented lines go on with the one before.
  return stdout
    .split('\n')
    .filter((line) => /^[^ ]/.test(line) && !/node_modules\/(?!softmax-regression\/)/.test(line));
}

/** The errors in blocks of pages, with the page and the line of the block in place of a file. */
async function errorsInBlocks(blocks: readonly DocBlock[], options: object): Promise<readonly string[]> {
  const files = Object.fromEntries(blocks.map(({ code }, i) => [`block-${i}.mts`, code]));
  const errors = await errorsOf(files, options, OWN);
  return errors.map((line) => line.replace(/^block-(\d+)\.mts\([^)]*\)/, (_, i) => blocks[Number(i)].place));
}

describe('the TypeScript of the README and the guides', () => {
  it.each([
    ['strict', STRICT],
    ['the strictest options', STRICTEST],
  ])('compiles under %s', async (_, strictness) => {
    expect(await errorsInBlocks(allBlocks(), { ...BUNDLER, ...strictness })).toEqual([]);
  });

  it('is found: more than ten blocks, in more than five pages', () => {
    const places = allBlocks().map(({ place }) => place);
    expect(places.length).toBeGreaterThan(10);
    expect(new Set(places.map((place) => place.split(':')[0])).size).toBeGreaterThan(5);
  });

  it('is checked: what does not compile, alone or after the block that it continues, is named by its place', async () => {
    const page = [
      ...['```ts', "import { loadIris } from 'softmax-regression';", 'const { labels } = loadIris();', '```', ''],
      ...['<!-- continues the block above -->', '```ts', 'const first: string = labels[0];', '```', ''],
      ...['```typescript', 'labels.push(1);', '```', ''],
    ].join('\n');
    const alone = "page.md:11: error TS2304: Cannot find name 'labels'.";
    expect(await errorsInBlocks(blocksOf('page.md', page), { ...BUNDLER, ...STRICT })).toEqual([alone]);
    const [unchecked, ...others] = await errorsInBlocks(blocksOf('page.md', page), { ...BUNDLER, ...STRICTEST });
    expect(unchecked).toMatch(/^page\.md:7: error TS2322: .*undefined/);
    expect(others).toEqual([alone]);
  });
});

/** TypeScript of this version from the user's cache, or else from npm; undefined where npm cannot fetch it. */
async function fetchTypeScript(version: string): Promise<string | undefined> {
  const cached = cacheFolder('typescript', version);
  if (!existsSync(cached)) {
    mkdirSync(cacheFolder('typescript'), { recursive: true, mode: 0o700 });
    const fetched = mkdtempSync(`${cached}-`);
    try {
      await npmInstall([`typescript@${version}`, '--prefix', fetched], fetched);
      renameSync(fetched, cached);
    } catch (error) {
      rmSync(fetched, { recursive: true, force: true });
      // Another run may have put it there.
      if (!existsSync(cached)) {
        process.stderr.write(
          `types.test.ts: not checked with TypeScript ${version}, which npm cannot fetch: ${error}\n`,
        );
        return undefined;
      }
    }
  }
  return join(cached, 'node_modules', 'typescript');
}

describe.each(['5.4.5', '5.9.3', 'of this repository', '7.0.2'])(
  'the types of the package, by TypeScript %s',
  (version) => {
    it.each(RESOLUTIONS)('have no error under the strictest options, with modules of $module', async (resolution) => {
      const typescript = version === 'of this repository' ? OWN : await fetchTypeScript(version);
      if (typescript === undefined) return;
      const errors = await errorsOf({ 'consumer.mts': CONSUMER }, { ...resolution, ...STRICTEST }, typescript);
      expect(errors).toEqual([expect.stringMatching(WRONG)]);
    });
  },
);
