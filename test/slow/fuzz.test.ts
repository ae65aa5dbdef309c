// A short run of `npm run fuzz`, its earlier findings, and readers with planted faults, which it must detect.
import { Random } from '../../src/core/random.js';
import { fuzz } from '../../tools/fuzz/fuzz.js';
import { refusalOf } from '../../tools/fuzz/guard.js';
import { corpus, found } from '../../tools/fuzz/target.js';
import { READERS } from '../../tools/fuzz/targets.js';

// tfjs warns of slow backends; the tests use them on purpose.
jest.spyOn(console, 'warn').mockImplementation(() => {});

describe('readers of files', () => {
  it.each(READERS.map((reader) => [reader.name]))('handle hostile input: %s', async (target) => {
    // A reader of another package may end its process, and each start takes seconds.
    const isBorrowed = READERS.find(({ name }) => name === target)?.isBorrowed === true;
    const { accepted, findings } = await fuzz({ target, cases: isBorrowed ? 100 : 300, seed: 20 });
    expect(findings).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
  });

  const inputs = READERS.flatMap((reader) => [...found(reader.name)].map(([file, bytes]) => ({ reader, file, bytes })));

  it.each(inputs)('handle an earlier finding: $reader.name, $file', async ({ reader, bytes }) => {
    // Readers may draw options from the generator.
    for (let seed = 0; seed < 20; seed++) {
      await Promise.resolve()
        .then(() => reader.check(bytes, new Random(seed)))
        .catch((error) => refusalOf(error, reader.codes ?? []));
    }
  });
});

describe('the corpus', () => {
  it.each(['idx', 'model', 'checkpoint'])('is accepted unchanged: %s', async (name) => {
    const reader = READERS.find((each) => each.name === name);
    for (const bytes of corpus(name).values()) await reader?.check(bytes, new Random(0));
  });
});

describe('the fuzzer detects a reader that', () => {
  it.each([
    ['never stops computing', 'hang', /^it does not end within 3 s$/],
    ['never settles', 'wait', /^it does not end within 3 s$/],
    ['takes more than two seconds of CPU time', 'slow', /^it takes 2\.\d+ s of CPU time$/],
    ['crashes the process', 'crash', /^it ends the process: signal SIGABRT/],
    ['exhausts the heap', 'memory', /^it ends the process: FATAL ERROR: .*heap/],
    ['allocates an array of 2 GiB', 'allocation', /^it allocates 2147483648 bytes$/],
    ['throws an error without a name', 'unnamed', /^an error of another kind: TypeError/],
    ['changes a prototype', 'pollution', /^it changes a prototype: polluted$/],
    ['quotes the whole file', 'long', /^a message of 10000 characters$/],
    ['puts control characters in its message', 'terminal', /^a message with control characters$/],
    ['accepts an invalid file', 'violation', /^it accepts an invalid file$/],
  ])('%s', async (_, fault, violation) => {
    const patience = ['hang', 'wait'].includes(fault) ? 3_000 : undefined;
    const maxSeconds = fault === 'slow' ? 2 : undefined;
    const order = { target: `planted-${fault}`, cases: 40, seed: 1, maxSeconds, patience, most: 1 };
    const { findings } = await fuzz(order);
    expect(findings[0]?.violation).toMatch(violation);
  });
});
