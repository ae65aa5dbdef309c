// The same samples give the same model file in every engine: what `npm run same-bits` prints, for a part of its fits.
import type { CaseName } from '../../tools/same-bits/cases.js';
import { differences, lineFor, type Row, rowOf } from '../../tools/same-bits/table.js';
import { bundle, type Plant, type Scripts, type Way, waysHere } from '../../tools/same-bits/ways.js';

const NAMES: readonly CaseName[] = ['elastic', 'weights', 'table', 'bytes', 'calibrated'];

describe('a model file', () => {
  let scripts: Scripts;
  const ways = waysHere();

  beforeAll(async () => {
    scripts = await bundle(NAMES);
  });
  afterAll(() => scripts.remove());

  it('has the same bytes in Node, with and without WebAssembly, on any number of threads, and in browsers', async () => {
    const rows: Row[] = [];
    for (const way of ways) rows.push(await rowOf(way, scripts));
    const lines = rows.map((row) => lineFor(row, NAMES));
    expect([lines, rows.filter(({ failed }) => failed)]).toEqual([lines, []]);
    expect(rows.filter(({ hashes }) => hashes !== undefined).length).toBeGreaterThanOrEqual(2);
    expect(differences(rows, NAMES)).toEqual([]);
    for (const name of NAMES) expect(rows[0].hashes?.[name]).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
  });

  const [inWebAssembly, inPlainLoops] = ways;

  /** The models that differ if one way of two computes with an error. */
  async function withPlanted(way: Way, plant: Plant): Promise<CaseName[]> {
    const planted = await bundle(NAMES, plant);
    try {
      return differences([await rowOf(inWebAssembly, scripts), await rowOf(way, planted)], NAMES);
    } finally {
      planted.remove();
    }
  }

  it('is seen to differ if blocks are added in another order', async () => {
    const plant = {
      file: 'src/core/tree-sum.ts',
      text: 'if (levelOf(before, after) >= levelOf(after, block) || !this.#hasAll(before, after)) break;',
      by: 'break;',
    };
    expect(await withPlanted(inPlainLoops, plant)).toEqual(expect.arrayContaining(['weights', 'bytes', 'table']));
  });

  it("is seen to differ if plain loops take the engine's exponential", async () => {
    const plant = {
      file: 'src/objective/residuals.ts',
      text: 'exp(logits[from + k] - top)',
      by: 'Math.exp(logits[from + k] - top)',
    };
    expect(await withPlanted(inPlainLoops, plant)).toContain('weights');
  });

  it('has the same bytes with rows that are read again in many sections, but not in sections that split a block', async () => {
    const stored = ways.find(({ name }) => name.includes('read again')) as Way;
    const size = { file: 'src/objective/streamed.ts', text: 'return Math.max(FEWEST, powerOfTwo(most));' };
    expect(await withPlanted(stored, { ...size, by: 'return FEWEST;' })).toEqual([]);
    expect(await withPlanted(stored, { ...size, by: 'return 600;' })).toEqual(
      expect.arrayContaining(['weights', 'bytes']),
    );
  });

  it('is missed by no way that fails', async () => {
    const failing: Way = { name: 'failing', run: () => Promise.reject(new Error('no memory')) };
    const rows = [await rowOf(failing, scripts), { name: 'skipped', note: 'skipped: not here' }];
    expect(rows[0]).toEqual({ name: 'failing', note: 'failed: no memory', failed: true });
    expect(differences(rows, NAMES)).toEqual(NAMES);
  });
});
