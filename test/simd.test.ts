import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import { type Float64Kernels, float64Kernels, Simd, type SimdKernels, useFloat64Kernels } from '../src/core/simd.js';
import { softmaxInPlace } from '../src/predict/scores.js';
import { nativeFloat64, onEveryEngine } from './helpers/float64-engines.js';

type Products = typeof import('../src/optim/block-products.js');
type Factors = typeof import('../src/optim/cholesky.js');
type Blocks = typeof import('../src/objective/row-block.js');
type Memory = typeof import('../src/core/simd.js');
type Recursion = typeof import('../src/optim/two-loop.js');
type Modules = Products & Factors & Blocks & Memory & Recursion;

/** The modules, loaded without WebAssembly. */
function withoutWebAssembly(): Modules {
  const { WebAssembly: kept } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    return freshModules();
  } finally {
    globalThis.WebAssembly = kept;
  }
}

/** The modules, loaded again with a memory of their own. */
function freshModules(prepare: (memory: Memory) => void = () => {}): Modules {
  let modules: Modules | undefined;
  jest.isolateModules(() => {
    prepare(require('../src/core/simd.js'));
    modules = modulesNow();
  });
  if (modules === undefined) throw new Error('these must load');
  return modules;
}

function modulesNow(): Modules {
  return {
    ...(require('../src/core/simd.js') as Memory),
    ...(require('../src/optim/block-products.js') as Products),
    ...(require('../src/optim/cholesky.js') as Factors),
    ...(require('../src/objective/row-block.js') as Blocks),
    ...(require('../src/optim/two-loop.js') as Recursion),
  };
}

/** Modules that count the calls of kernels. */
function countingModules(): { modules: Modules; calls: () => number } {
  let calls = 0;
  const counted: ProxyHandler<SimdKernels> = {
    get: (kernels, name: keyof SimdKernels) => {
      calls++;
      return kernels[name];
    },
  };
  const prepare = ({ Simd: Fresh }: Memory) => {
    const open = Fresh.open;
    jest.spyOn(Fresh, 'open').mockImplementation(() => {
      const simd = open();
      return simd && Object.assign(simd, { kernels: new Proxy({ ...simd.kernels }, counted) });
    });
  };
  return { modules: freshModules(prepare), calls: () => calls };
}

/** Numbers in a page of WebAssembly's memory. */
const PAGE = 8192;

const plain = withoutWebAssembly();
const vector = modulesNow();
const random = new Random(5);
const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());

/** As bits, so that −0 and 0 differ. */
function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.slice().buffer);
}

const positive = (n: number) => {
  const root = normals(n * n);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      for (let k = 0; k < n; k++) matrix[i * n + j] += root[i * n + k] * root[j * n + k];
    }
    matrix[i * n + i] += 0.1;
  }
  return matrix;
};

onEveryEngine('SIMD', () => {
  it('is available in Node, and undefined without WebAssembly', () => {
    expect(Simd.open()).toBeDefined();
    const { WebAssembly: kept } = globalThis;
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    expect(Simd.open()).toBeUndefined();
    globalThis.WebAssembly = kept;
  });

  it('grows its memory on request, up to 64 MB', () => {
    const simd = Simd.open();
    expect(simd?.numbers(100_000)?.length).toBeGreaterThanOrEqual(100_000);
    expect(simd?.numbers(1)).toBe(simd?.numbers(100_000));
    expect(simd?.numbers(2 ** 23 + 1)).toBeUndefined();
  });

  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 32 }),
    order: fc.integer({ min: 1, max: 23 }),
    pairs: fc.integer({ min: 1, max: 6 }),
    offset: fc.nat({ max: 9 }),
  });

  it('multiplies like plain loops, bit for bit', () => {
    fc.assert(
      fc.property(sizes, ({ rows, order, pairs, offset }) => {
        const width = Math.ceil(order / 4) * 4;
        const block = { values: normals(offset + 32 * width), offset, rows, width };
        const w = normals(2 * pairs * order);
        const products = ({ multiply }: Products) => bits(multiply(block, w, order).slice(0, rows * 2 * pairs));
        expect(products(vector)).toEqual(products(plain));
        let first = 0;
        for (let j = 0; j < order; j++) first += block.values[offset + j] * w[2 * j];
        expect(plain.multiply(block, w, order)[0]).toBe(first);
      }),
    );
  });

  it('multiplies by transposes like plain loops, bit for bit', () => {
    fc.assert(
      fc.property(sizes, ({ rows, order, pairs, offset }) => {
        const width = Math.ceil(order / 4) * 4;
        const columns = 2 * pairs;
        const block = { values: normals(offset + 32 * width), offset, rows, width };
        const a = normals(rows * (columns + 1));
        for (const half of ['all', 'lower'] as const) {
          const products = ({ multiplyTransposed }: Products) => {
            const out = multiplyTransposed(a, columns + 1, columns, block, half).slice(0, columns * width);
            return bits(out.map((entry, at) => (half === 'lower' && at % width > at / width ? 0 : entry)));
          };
          expect(products(vector)).toEqual(products(plain));
        }
      }),
    );
  });

  it.each([1, 2, 3, 31, 32, 33, 63, 64, 65, 130])(
    'factors and solves %i equations like plain loops, bit for bit',
    (n) => {
      const matrix = positive(n);
      const sides = [normals(n), normals(3 * n)];
      // Another factorisation uses the memory in between.
      const solved = ({ cholesky }: Factors, jitter = 0) => {
        const factored = cholesky(matrix, n, jitter);
        const first = bits(factored.solve(sides[0]));
        cholesky(Float64Array.of(4, 2, 2, 3), 2).solve(Float64Array.of(2, 1));
        return [first, bits(factored.solve(sides[1], 3)), bits(factored.solve(sides[0]))];
      };
      expect(solved(vector)).toEqual(solved(plain));
      expect(solved(vector, 1e-3)).toEqual(solved(plain, 1e-3));
      expect(solved(vector)[0]).toEqual(solved(vector)[2]);
    },
  );

  it('solves after another factorisation has failed', () => {
    const side = normals(9);
    const { solve } = vector.cholesky(positive(9), 9);
    const before = solve(side);
    expect(() => vector.cholesky(Float64Array.of(1, 0, 2, 1), 2)).toThrow('positive definite');
    expect(solve(side)).toEqual(before);
  });

  // 127 equations need two pages of 8192 numbers for substitution, and three for factorisation.
  it.each([0, 2, 3])('factors and solves with the same bits if memory is limited to %i pages', (pages) => {
    const { Simd: Fresh, cholesky } = freshModules();
    const { numbers } = Fresh.prototype;
    jest.spyOn(Fresh.prototype, 'numbers').mockImplementation(function (this: Simd, count) {
      return count > PAGE * pages ? undefined : numbers.call(this, count);
    });
    const matrix = positive(127);
    const side = normals(127);
    expect(bits(cholesky(matrix, 127).solve(side))).toEqual(bits(plain.cholesky(matrix, 127).solve(side)));
    jest.restoreAllMocks();
  });

  // Fresh memory reveals a request that is too small.
  it.each([
    ['a long X', { rows: 1400, order: 2, pairs: 1 }],
    ['a wide W', { rows: 4, order: 40, pairs: 100 }],
    ['a long result', { rows: 1000, order: 1, pairs: 5 }],
  ])('multiplies by kernels, and by plain loops without memory: %s', (_, { rows, order, pairs }) => {
    const width = Math.ceil(order / 4) * 4;
    const block = { values: normals(rows * width), offset: 0, rows, width };
    const [w, a] = [normals(2 * pairs * order), normals(rows * 2 * pairs)];
    const works: ((modules: Products) => Float64Array)[] = [
      ({ multiply }) => multiply(block, w, order).slice(0, rows * 2 * pairs),
      ({ multiplyTransposed }) => multiplyTransposed(a, 2 * pairs, 2 * pairs, block, 'all').slice(0, 2 * pairs * width),
    ];
    for (const work of works) {
      const { modules, calls } = countingModules();
      expect(bits(work(modules))).toEqual(bits(work(withoutWebAssembly())));
      expect(calls()).toBe(1);
      const { Simd: Fresh, ...rest } = freshModules();
      jest.spyOn(Fresh.prototype, 'numbers').mockReturnValue(undefined);
      expect(bits(work(rest))).toEqual(bits(work(plain)));
      jest.restoreAllMocks();
    }
  });

  it('factors and substitutes by kernels if available', () => {
    const { modules, calls } = countingModules();
    modules.cholesky(Float64Array.of(4, 2, 2, 3), 2).solve(Float64Array.of(2, 1));
    expect(calls()).toBe(2);
  });

  /** The directions of two runs in turn, of different lengths, each with a new pair, and of which one drops old pairs. */
  async function directions({ TwoLoopRecursion }: Recursion, lengths: readonly number[]): Promise<BigUint64Array[]> {
    const numbers = new Random(7);
    const vectorOf = (n: number) => Float64Array.from({ length: n }, () => numbers.normal());
    const precondition = async (v: Float64Array) => v.map((entry, i) => entry / (1 + (i % 3)));
    const runs = lengths.map((n, i) => {
      const recursion = new TwoLoopRecursion(i === 0 ? precondition : undefined);
      return { n, recursion, pairs: [] as { step: Float64Array; change: Float64Array }[] };
    });
    const found: BigUint64Array[] = [];
    for (let turn = 0; turn < 6; turn++) {
      for (const run of runs) {
        found.push(bits(await run.recursion.direction({ gradient: vectorOf(run.n), pairs: run.pairs })));
        const step = vectorOf(run.n);
        run.pairs = [...run.pairs, { step, change: step.map((entry) => entry * (1 + numbers.uniform())) }].slice(-3);
      }
    }
    return found;
  }

  it.each([[[1, 2]], [[3, 4]], [[5, 30]], [[131, 64]]])(
    'finds the directions of plain loops, for %j entries',
    async (n) => {
      expect(await directions(vector, n)).toEqual(await directions(plain, n));
    },
  );

  it('finds directions by kernels, and by plain loops without memory', async () => {
    const { modules, calls } = countingModules();
    const expected = await directions(modules, [40, 5]);
    expect(calls()).toBe(20);
    const { Simd: Fresh, ...rest } = freshModules();
    jest.spyOn(Fresh.prototype, 'numbers').mockReturnValue(undefined);
    expect(await directions(rest as Modules, [40, 5])).toEqual(expected);
    jest.restoreAllMocks();
  });

  it('gives the same directions to a recursion that has not seen the earlier pairs', async () => {
    const [step, other] = [normals(9), normals(9)];
    const pairs = [
      { step, change: step.map((entry) => 2 * entry) },
      { step: other, change: other.map((entry) => entry / 2) },
    ];
    const gradient = normals(9);
    const used = new vector.TwoLoopRecursion(undefined);
    await used.direction({ gradient, pairs: pairs.slice(0, 1) });
    const fresh = new vector.TwoLoopRecursion(undefined);
    expect(bits(await used.direction({ gradient, pairs }))).toEqual(bits(await fresh.direction({ gradient, pairs })));
  });

  it('rejects the same matrices as not positive definite', () => {
    for (const { cholesky } of [vector, plain]) {
      expect(() => cholesky(Float64Array.of(1, 0, 2, 1), 2)).toThrow('positive definite');
      // The last pivot, 2⁻⁵¹, is within the rounding error of two equations.
      expect(cholesky(Float64Array.of(1, 0, 1 - 2 ** -52, 1), 2).jitter).toBe(1e-14);
    }
  });

  it('computes the same logits, gradients and curvature', () => {
    const values = normals(37 * 6);
    const outcome = ({ RowBlock, prepareRows }: Blocks) => {
      const features = { values, shape: [37, 6] as const };
      const block = new RowBlock(features, 3, prepareRows(features));
      block.setPoint(Float64Array.from({ length: 21 }, (_, i) => Math.sin(i)));
      const [logits, gradient, gram] = [new Float64Array(96), new Float64Array(21), new Float64Array(49)];
      for (let start = 0; start < 37; start += block.read(start)) {
        block.read(start);
        block.logits(logits);
        block.addOuter(logits, gradient);
        block.addGram(
          Float64Array.from({ length: 32 }, (_, r) => 1 / (r + 1)),
          gram,
        );
      }
      return [logits, gradient, gram].map(bits);
    };
    expect(outcome(vector)).toEqual(outcome(plain));
  });
});

const native = nativeFloat64();

(native === undefined ? describe.skip : describe)('the native kernels', () => {
  afterEach(() => useFloat64Kernels(undefined));

  it('replace those of WebAssembly, and are replaced by them, with an empty memory', () => {
    const simd = Simd.open() as Simd;
    const side = {};
    const ofModule = simd.kernels;
    simd.resident = side;
    expect(simd.numbers(10)).toBe(simd.numbers(20));
    expect(simd.resident).toBe(side);
    useFloat64Kernels(native);
    expect(float64Kernels()).toBe(native);
    const memory = simd.numbers(10);
    expect([simd.resident, simd.kernels === ofModule]).toEqual([undefined, false]);
    memory?.fill(7);
    expect(Array.from(simd.numbers(10_000)?.subarray(0, 10) ?? [])).toEqual(Array(10).fill(7));
    useFloat64Kernels(undefined);
    simd.numbers(10);
    expect(simd.kernels).toBe(ofModule);
  });

  it('solve with a factor from before they were loaded', () => {
    const matrix = positive(9);
    const side = normals(9);
    const factored = vector.cholesky(matrix, 9);
    const before = factored.solve(side);
    useFloat64Kernels(native);
    expect(factored.solve(side)).toEqual(before);
  });

  it('predict rows of each type like plain loops, the logits bit for bit', () => {
    const sizes = fc.record({
      n: fc.integer({ min: 1, max: 300 }),
      d: fc.integer({ min: 1, max: 300 }),
      q: fc.integer({ min: 1, max: 20 }),
      scale: fc.constantFrom(1, 255),
    });
    const types = fc.constantFrom(Uint8Array, Float32Array, Float64Array);
    fc.assert(
      fc.property(sizes, types, ({ n, d, q, scale }, Type) => {
        const x = new Type(normals(n * d).map((value) => (Type === Uint8Array ? Math.abs(60 * value) : value)));
        const stride = Math.ceil(q / 8) * 8;
        const w = Float64Array.from(normals(d * stride), Math.fround);
        const bias = normals(q);
        const start = random.below(n);
        const rows = n - start;
        const predict = (isSoftmax: boolean) => {
          const out = new Float64Array(rows * q);
          expect(native?.predictRows(x, start, rows, d, w, q, bias, scale, isSoftmax, out)).toBe(true);
          return out;
        };
        const logits = predict(false);
        const expected = Float64Array.from(logits, (_, at) => {
          let sum = 0;
          for (let j = 0; j < d; j++) sum += x[(start + Math.floor(at / q)) * d + j] * w[j * stride + (at % q)];
          return sum / scale + bias[at % q];
        });
        expect(bits(logits)).toEqual(bits(expected));
        for (let at = 0; at < expected.length; at += q) softmaxInPlace(expected, at, q);
        expect(predict(true)).toBeAllClose(expected, { rtol: 1e-14, atol: 1e-300 });
      }),
      { numRuns: 50 },
    );
  });

  type Given = Parameters<Float64Kernels['predictRows']>;
  /** Two rows of three features, for two classes. */
  const given = (change: Partial<Record<number, unknown>> = {}): Given => {
    const w = new Float64Array(24);
    const plain = [new Float32Array(6), 0, 2, 3, w, 2, new Float64Array(2), 1, true, new Float64Array(4)];
    return Object.assign(plain, change) as Given;
  };

  it.each([
    ['X', { 0: new Float32Array(5) }],
    ['X from its start', { 1: 1 }],
    ['W', { 4: new Float64Array(23) }],
    ['the bias', { 6: new Float64Array(1) }],
    ['the result', { 9: new Float64Array(3) }],
  ])('refuse arrays that are too short: %s', (_, change) => {
    expect(native?.predictRows(...given())).toBe(true);
    expect(() => native?.predictRows(...given(change))).toThrow('shorter than their shapes');
  });

  it('refuse rows of other types', () => {
    expect(() => native?.predictRows(...given({ 0: new Int16Array(6) }))).toThrow('bytes, float32 or float64');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('say that a logit is not finite: %p', (odd) => {
    expect(native?.predictRows(...given({ 6: Float64Array.of(0, odd) }))).toBe(false);
  });
});
