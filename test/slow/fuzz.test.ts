// A short part of `npm run fuzz`, what it found before, and readers with planted faults: each kind of fault is seen.
import { Random } from '../../src/core/random.js';
import { fuzz } from '../../tools/fuzz/fuzz.js';
import { refusalOf } from '../../tools/fuzz/guard.js';
import { corpus, found } from '../../tools/fuzz/target.js';
import { READERS } from '../../tools/fuzz/targets.js';

// tfjs warns of slow backends; the tests use them on purpose.
jest.spyOn(console, 'warn').mockImplementation(() => {});

describe('what reads files', () => {
  it.each(READERS.map((reader) => [reader.name]))('keeps its promises for hostile input: %s', async (target) => {
    const { accepted, findings } = await fuzz({ target, cases: 300, seed: 20 });
    expect(findings).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
  });

  const inputs = READERS.flatMap((reader) => [...found(reader.name)].map(([file, bytes]) => ({ reader, file, bytes })));

  it.each(inputs)('keeps them for $reader.name: $file', async ({ reader, bytes }) => {
    // A reader may choose its options by the generator.
    for (let seed = 0; seed < 20; seed++) {
      await Promise.resolve()
        .then(() => reader.check(bytes, new Random(seed)))
        .catch((error) => refusalOf(error, reader.codes ?? []));
    }
  });
});

describe('the corpus', () => {
  it.each(['idx', 'model', 'checkpoint'])('is accepted as it is: %s', async (name) => {
    const reader = READERS.find((each) => each.name === name);
    for (const bytes of corpus(name).values()) await reader?.check(bytes, new Random(0));
  });
});

describe('the fuzzer finds a reader that', () => {
  it.each([
    ['runs for ever', 'hang', /^it does not end within 3 s$/],
    ['waits for ever', 'wait', /^it does not end within 3 s$/],
    ['takes more than two seconds of the processor', 'slow', /^it takes 2\.\d+ s of CPU time$/],
    ['takes the process down', 'crash', /^it ends the process: signal SIGABRT/],
    ['fills the memory with lists', 'memory', /^it ends the process: FATAL ERROR: .*heap/],
    ['allocates an array of 2 GiB', 'allocation', /^it allocates 2147483648 bytes$/],
    ['throws an error without a name', 'unnamed', /^an error of another kind: TypeError/],
    ['changes a prototype', 'pollution', /^it changes a prototype: polluted$/],
    ['quotes the whole file', 'long', /^a message of 10000 characters$/],
    ['sends escapes to the terminal', 'terminal', /^a message with control characters$/],
    ['accepts what it should refuse', 'violation', /^it accepts an invalid file$/],
  ])('%s', async (_, fault, violation) => {
    const patience = ['hang', 'wait'].includes(fault) ? 3_000 : undefined;
    const { findings } = await fuzz({ target: `planted-${fault}`, cases: 40, seed: 1, patience, most: 1 });
    expect(findings[0]?.violation).toMatch(violation);
  });
});
