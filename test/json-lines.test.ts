// JSON lines: the same table as CSV, and what is refused.
import { type BadRow, identifyFiles, type NamedBytes, parseCsv, readSamples } from 'softmax-regression';
import { numberSchema } from '../src/data/table/schema.js';
import { rowsOf } from '../src/reading/table.js';

const ENCODER = new TextEncoder();

function file(name: string, text: string, chunk = text.length): NamedBytes {
  const bytes = ENCODER.encode(text);
  return {
    name,
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.slice(at, at + chunk);
    },
  };
}

const CSV = `width,colour,fluffy,born,kind
1.5,red,true,2024-01-31,cat
-2e-7,blue,false,2024-02-01 13:05:06.25,dog
,"gré, en",true,2023-12-31,cat
3,red,false,2024-03-01,dog
`;
const LINES = [
  { width: 1.5, colour: 'red', fluffy: true, born: '2024-01-31', kind: 'cat' },
  { width: -2e-7, colour: ' blue', fluffy: false, born: '2024-02-01 13:05:06.25', kind: 'dog' },
  { colour: 'gré, en', fluffy: true, born: '2023-12-31', kind: 'cat' },
  { width: 3, colour: 'red', fluffy: false, born: '2024-03-01', kind: 'dog' },
];
const JSONL = LINES.map((line) => `${JSON.stringify(line)}\n`).join('');
const OPTIONS = { label: 'kind', strings: 'one-hot', dates: ['born'], missing: 'mean' } as const;

async function refusal(text: string, options: object = { label: 'kind' }): Promise<string> {
  return readSamples([file('a.jsonl', text)], options).then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}

describe('JSON lines', () => {
  it('are read as the same table in CSV, in any chunks', async () => {
    const { features, labels, lines: _, ...described } = parseCsv(CSV, OPTIONS);
    for (const chunk of [1, 7, JSONL.length]) {
      const data = await readSamples([file('pets.jsonl', JSONL, chunk)], OPTIONS);
      const { samples, name, ...rest } = data;
      expect(name).toBe('pets.jsonl');
      expect(samples).toEqual({ features, labels, lines: Float64Array.of(1, 2, 3, 4) });
      expect(rest).toEqual(described);
    }
  });

  it.each([
    ['without a name', 'data', JSONL],
    ['with a byte-order mark, blank lines and \\r\\n', 'data', `\ufeff${JSONL.replaceAll('\n', '\r\n\r\n')}`],
    ['without a final newline', 'a.ndjson', JSONL.trimEnd()],
  ])('are recognised %s', async (_, name, text) => {
    const { samples } = await readSamples([file(name, text)], OPTIONS);
    expect(samples.features).toEqual(parseCsv(CSV, OPTIONS).features);
    expect(await identifyFiles([file(name, text)])).toEqual({
      kind: 'table',
      format: 'json-lines',
      columns: ['width', 'colour', 'fluffy', 'born', 'kind'],
    });
  });

  it('have the columns of all objects; a key that an object lacks is a missing value', async () => {
    const text = '{"kind":"cat"}\n{"a":1,"kind":"dog"}\n{"b":2,"a":null,"kind":"dog"}\n{"kind":"cat","b":4}';
    const { samples, featureNames } = await readSamples([file('a.jsonl', text)], { label: 'kind', missing: 'mean' });
    expect(featureNames).toEqual(['a', 'b']);
    expect(samples.features.values).toEqual(Float64Array.of(1, 3, 1, 3, 1, 2, 1, 4));
  });

  it('keep the types of their values: text is no number, and a label of text is text', async () => {
    const text = '{"zip":"02134","n":1,"kind":"1"}\n{"zip":"12","n":2,"kind":"2"}';
    const data = await readSamples([file('a.jsonl', text)], { label: 'kind', strings: 'one-hot' });
    expect(data.featureNames).toEqual(['zip=02134', 'zip=12', 'n']);
    expect(data.classes).toEqual(['1', '2']);
    expect(data.schema?.columns.at(-1)).toEqual({ kind: 'label', name: 'kind', type: 'string' });
    const asNumbers = await readSamples([file('a.jsonl', text)], {
      label: 'kind',
      ignore: ['zip'],
      labelType: 'number',
    });
    expect(asNumbers.classes).toEqual([1, 2]);
  });

  it.each([
    ['', 'FormatError: a.jsonl: the table must have at least one row; got an empty file.'],
    ['\n \n', 'FormatError: a.jsonl: the table must have at least one row; got an empty file.'],
    [
      '{"a":1}\n{"a"',
      'FormatError: a.jsonl:2: the line must be one JSON object; got "{\\"a\\"". Is the file cut short?',
    ],
    ['[1]\n', 'a.jsonl:1: the line must be one JSON object; got "[1]". Write each row as one object on one line'],
    ['{\n"a": 1\n}\n', 'a.jsonl:1: the line must be one JSON object; got "{". Write each row as one object'],
    ['{"a":1}\n\n7\n', 'a.jsonl:3: the line must be one JSON object; got "7".'],
    ['{"a":1,"kind":"x"}\n{"a":"z","kind":"y"}', 'a.jsonl:2:1: a must be a number, like the rows above; got "z".'],
    ['{"a":"7","kind":"x"}\n', 'a.jsonl:1:1: a must be a number; got the text "7". Pass `strings: \'one-hot\'`'],
    [
      '{"a":1,"kind":"x"}\n{"a":[2],"kind":"y"}\n',
      'a.jsonl:2:1: a must be a column of numbers, text, booleans or dates; got a list. Pass `ignore: ["a"]` to leave it out.',
    ],
    ['{"a":1,"kind":"x"}\n{"a":1e999,"kind":"y"}\n', 'a.jsonl:2:1: a must be a finite number; got "Infinity".'],
    ['{"a":1}\n', 'DomainError: a.jsonl: label must be one of the columns "a"; got nothing.', {}],
    [
      '{"a":1}\n',
      'DomainError: a.jsonl: delimiter must be left out: it applies only to CSV files; got ";".',
      { label: 'a', delimiter: ';' },
    ],
    ['{"a":1,"kind":"x"}\n', 'a.jsonl: kind must have at least two classes; got only "x".'],
  ])('refuse %j', async (text, message, options = { label: 'kind' }) => {
    expect(await refusal(text, options)).toContain(message);
  });

  it('name the line of a byte that is not UTF-8', async () => {
    const bytes = Uint8Array.from([...ENCODER.encode('{"a":1}\n{"a":"'), 0xff, ...ENCODER.encode('"}\n')]);
    const source = {
      name: 'a.jsonl',
      stream: async function* () {
        yield bytes;
      },
    };
    await expect(readSamples([source], { label: 'a' })).rejects.toThrow(
      'a.jsonl:2: the text must be UTF-8; got the byte 0xff',
    );
  });

  it('are refused while they arrive if they need more memory than they may', async () => {
    const text = '{"a":1,"kind":"x"}\n'.repeat(20_000);
    expect(await refusal(text, { label: 'kind', maxMemory: 1e5 })).toContain(
      'the table must fit into 100.0 kB of memory',
    );
  });
});

describe('rows of JSON lines for a model', () => {
  const model = { classes: ['x', 'y'], numFeatures: 2, schema: numberSchema(['a', 'b'], 2) };

  async function valuesOf(text: string, chunk?: number) {
    const values: number[] = [];
    const numbers: number[] = [];
    for await (const { features, lines } of rowsOf(file('a.jsonl', text, chunk), model, {
      labels: 'skip',
      keep: ['a'],
    })) {
      values.push(...features.values);
      numbers.push(...lines);
    }
    return { values, numbers };
  }

  it('are read as they arrive, by the names of their keys', async () => {
    const text = '{"b":2,"a":1,"c":[]}\n\n{"a":3,"b":"4","d":{}}\n';
    for (const chunk of [1, 5, 100]) {
      expect(await valuesOf(text, chunk)).toEqual({ values: [1, 2, 3, 4], numbers: [1, 3] });
    }
  });

  it('need every column in the objects that arrive first, and later a value', async () => {
    await expect(valuesOf('{"a":1}\n', 1)).rejects.toThrow(
      'a.jsonl: the table must have the column "b", which the model reads; got "a". The first objects must have it: write it as null where it has no value.',
    );
    await expect(valuesOf('{"a":1,"b":2}\n{"a":1}\n')).rejects.toThrow('a.jsonl:2:2: b must be a number; got nothing.');
  });

  it('refuse lists and objects in columns that are read, also where unseen categories are zeros, unless the row is skipped', async () => {
    const colour = { kind: 'category', name: 'colour', categories: ['blue', 'red'] } as const;
    const schema = { ...numberSchema(['a'], 1), columns: [{ kind: 'number', name: 'a' } as const, colour] };
    const coloured = { classes: ['x', 'y'], numFeatures: 3, schema };
    const text =
      '{"a":1,"colour":"red","c":[1]}\n{"a":2,"colour":["red"]}\n{"a":{"b":1},"colour":"blue"}\n{"a":4,"colour":"pink"}\n';
    const read = async (onBadRow?: (row: BadRow) => void) => {
      const values: number[] = [];
      const kept: string[][] = [];
      const options = { labels: 'skip', unseen: 'zero', keep: ['colour'], onBadRow } as const;
      for await (const batch of rowsOf(file('a.jsonl', text), coloured, options)) {
        values.push(...batch.features.values);
        kept.push(...(batch.kept as string[][]));
      }
      return { values, kept };
    };
    const rule = 'must be a number, text, true, false or null; got';
    const hint = 'Write one value in its place, or leave the row out.';
    await expect(read()).rejects.toThrow(`a.jsonl:2:2: colour ${rule} a list. ${hint}`);
    const bad: string[] = [];
    expect(await read(({ error, fields }) => bad.push(`${error.message} ${fields[1]}`))).toEqual({
      values: [1, 0, 1, 4, 0, 0],
      kept: [['red'], ['pink']],
    });
    expect(bad).toEqual([
      `a.jsonl:2:2: colour ${rule} a list. ${hint} ["red"]`,
      `a.jsonl:3:1: a ${rule} an object. ${hint} blue`,
    ]);
  });
});
