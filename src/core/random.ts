// core: the seeded generator behind initialisation, shuffle and split.
import { cosPi, log } from './elementary.js';
import { DomainError } from './errors.js';
import { assertList, describe } from './shape.js';

/** Four 32-bit words: the complete state of a generator. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded random numbers: xoshiro128**, seeded by splitmix32.
 *
 * The state is four 32-bit words, so a checkpoint can store it: `new Random(seed).state` and `Random.fromState(state)`.
 *
 * @throws DomainError if the seed is not an integer in [0, 2³²)
 * @example new Random(0).uniform()   // 0.4168
 * @see Blackman and Vigna, Scrambled linear pseudorandom number generators (2021)
 */
export class Random {
  readonly #words: Uint32Array;

  constructor(seed: number) {
    if (!isInteger(seed, 0, 0xffffffff)) {
      throw new DomainError({
        where: 'Random',
        argument: 'seed',
        expected: 'be an integer in [0, 2^32)',
        actual: describe(seed),
      });
    }
    this.#words = new Uint32Array(4);
    let mixed = seed;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#words[i] = z ^ (z >>> 15);
    }
  }

  /**
   * A generator that continues from this state.
   *
   * @throws ShapeError or DomainError unless the state is four 32-bit words
   */
  static fromState(state: RandomState): Random {
    const where = 'Random.fromState';
    assertList(state, where, 'state', 'be an array of four integers');
    const odd = [0, 1, 2, 3].find((i) => !isInteger(state[i], 0, 0xffffffff));
    if (odd !== undefined || state.length !== 4) {
      const actual = odd === undefined ? `${state.length} words` : describe(state[odd]);
      const argument = odd === undefined ? 'state' : `state[${odd}]`;
      throw new DomainError({ where, argument, expected: 'be four integers in [0, 2^32)', actual });
    }
    const random = new Random(0);
    random.#words.set(state);
    return random;
  }

  /** A copy of the current state. */
  get state(): RandomState {
    const [a, b, c, d] = this.#words;
    return [a, b, c, d];
  }

  /** The next 32 random bits, as an integer in [0, 2³²). */
  bits(): number {
    const s = this.#words;
    const scrambled = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return scrambled;
  }

  /** Uniform on [0, 1), with 53 random bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** Standard normal by Box–Muller: √(−2 ln u)·cos(2πv), u in (0, 1]. */
  normal(): number {
    const u = 1 - this.uniform();
    return Math.sqrt(-2 * log(u)) * cosPi(2 * this.uniform());
  }

  /**
   * Uniform on {0, …, bound − 1}, without modulo bias.
   *
   * @throws DomainError if the bound is not an integer in [1, 2³²]
   */
  below(bound: number): number {
    if (!isInteger(bound, 1, 0x100000000)) {
      const [expected, actual] = ['be an integer in [1, 2^32]', describe(bound)];
      throw new DomainError({ where: 'Random.below', argument: 'bound', expected, actual });
    }
    return this.#below(bound);
  }

  #below(bound: number): number {
    const limit = 0x100000000 - remainder(0x100000000, bound);
    let word = this.bits();
    while (word >= limit) word = this.bits();
    return remainder(word, bound);
  }

  /**
   * Fisher–Yates: a random permutation of 0, …, count − 1.
   *
   * @throws DomainError if the count is not an integer in [0, 2³¹)
   */
  permutation(count: number): Int32Array {
    if (!isInteger(count, 0, 0x7fffffff)) {
      const [expected, actual] = ['be an integer in [0, 2^31)', describe(count)];
      throw new DomainError({ where: 'Random.permutation', argument: 'count', expected, actual });
    }
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    for (let i = count - 1; i > 0; i--) {
      const j = this.#below(i + 1);
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}

function isInteger(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** a % b for integers up to 2³², where JavaScript's % takes 20 ns. Rounding cannot raise a/b to the next integer. */
function remainder(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
