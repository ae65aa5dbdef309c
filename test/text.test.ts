// Text vectorizers: equal to scikit-learn's value by value, laws, edges, and what they refuse.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { SparseMatrix } from '../src/data/matrix.js';
import { BLANK, kinds, normalize, WORD, WORD_TABLE } from '../src/features/text/characters.js';
import { CountVectorizer } from '../src/features/text/count.js';
import type { Documents } from '../src/features/text/documents.js';
import { HashingVectorizer } from '../src/features/text/hashing.js';
import { murmur3 } from '../src/features/text/murmur.js';
import { termsOf, textSettings } from '../src/features/text/options.js';
import { type HashingOptions, type TfidfOptions, termSettingsOf } from '../src/features/text/settings.js';
import { TfidfVectorizer } from '../src/features/text/tfidf.js';
import { TermTransformer } from '../src/features/text/transformer.js';
import golden from './golden/text.golden.json';
import unicode from './golden/text-unicode.golden.json';
import { plainCounts, plainHashes, plainTerms } from './helpers/plain-text.js';
import { refusal } from './helpers/refusal.js';

interface Rows {
  readonly starts: readonly number[];
  readonly indices: readonly number[];
  readonly values: readonly number[];
}
interface Case {
  readonly vectorizer: 'CountVectorizer' | 'TfidfVectorizer' | 'HashingVectorizer';
  readonly options: Readonly<Record<string, unknown>>;
  readonly documents: readonly string[] | null;
  readonly terms: readonly string[] | null;
  readonly learned: Rows;
  readonly others: Rows;
}
const CASES = golden.cases as unknown as readonly Case[];

/** Our names of scikit-learn's arguments. */
const NAMES: Readonly<Record<string, string>> = {
  ngram_range: 'ngramRange',
  strip_accents: 'stripAccents',
  stop_words: 'stopWords',
  min_df: 'minDocuments',
  max_df: 'maxDocuments',
  max_features: 'maxFeatures',
  sublinear_tf: 'sublinearTf',
  smooth_idf: 'smoothIdf',
  use_idf: 'useIdf',
  n_features: 'numFeatures',
  alternate_sign: 'alternateSign',
};

function optionsOf({ options }: Case): TfidfOptions & HashingOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [NAMES[name] ?? name, value === null ? 'none' : value]),
  );
}

function expectRows({ starts, indices, values }: SparseMatrix, expected: Rows): void {
  expect([...starts]).toEqual(expected.starts);
  expect([...indices]).toEqual(expected.indices);
  expect(values).toHaveLength(expected.values.length);
  values.forEach((value, k) => {
    expect(Math.abs(value - expected.values[k])).toBeLessThanOrEqual(4e-16 * Math.abs(expected.values[k]));
  });
}

function dense({ starts, indices, values, shape: [n, d] }: SparseMatrix): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const row = new Array<number>(d).fill(0);
    for (let k = starts[i]; k < starts[i + 1]; k++) row[indices[k]] = values[k];
    return row;
  });
}

describe('scikit-learn', () => {
  const named = CASES.map((each) => [`${each.vectorizer} ${JSON.stringify(each.options)}`, each] as const);

  it.each(named)('has the same terms, columns and values: %s', (_, each) => {
    const documents = each.documents ?? golden.documents;
    if (each.vectorizer === 'HashingVectorizer') {
      const vectorizer = new HashingVectorizer(optionsOf(each));
      expectRows(vectorizer.transform(documents), each.learned);
      expectRows(vectorizer.transform(golden.others), each.others);
      return;
    }
    const Vectorizer = each.vectorizer === 'CountVectorizer' ? CountVectorizer : TfidfVectorizer;
    const { vectorizer, features } = Vectorizer.fitTransform(documents, optionsOf(each));
    expect(vectorizer.featureNames).toEqual(each.terms);
    expect(features.shape).toEqual([documents.length, vectorizer.numFeatures]);
    expectRows(features, each.learned);
    expectRows(vectorizer.transform(golden.others), each.others);
  });

  it('is compared in every option that there is', () => {
    const used = new Set(CASES.flatMap((each) => Object.keys(optionsOf(each))));
    expect([...used].sort()).toEqual([...Object.values(NAMES), 'analyzer', 'lowercase', 'binary', 'norm'].sort());
  });
});

describe('Python', () => {
  /** As `digest` of text-unicode.py. */
  function digest(change: (text: string) => string) {
    const hash = createHash('sha256');
    let count = 0;
    for (const c of characters()) {
      const changed = change(c);
      if (changed === c) continue;
      const codes = [...changed].map((each) => each.codePointAt(0)?.toString(16));
      hash.update(`${c.codePointAt(0)?.toString(16)}:${codes.join(' ')}\n`);
      count++;
    }
    return { count, sha256: hash.digest('hex') };
  }

  function* characters(): Generator<string> {
    for (let code = 0; code < 0x110000; code++) {
      if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
    }
  }

  function changes(kind: number): number[] {
    const table = kinds();
    const found: number[] = [];
    for (let code = 0; code <= table.length; code++) {
      if ((table[code] === kind) !== (found.length % 2 === 1)) found.push(code);
    }
    return found;
  }

  it('has the same characters of words and the same blanks', () => {
    expect(WORD_TABLE).toBe(unicode.table);
    expect(changes(WORD)).toEqual(unicode.word);
    expect(changes(BLANK)).toEqual(unicode.blank);
  });

  it('gives the same lower case to every character, and to Σ at the end of a word', () => {
    expect(digest((c) => normalize(c, true, 'keep'))).toEqual(unicode.lower);
    for (const [text, lower] of unicode.sigma) expect(normalize(text, true, 'keep')).toBe(lower);
  });

  it('removes the same accents from every character', () => {
    expect(digest((c) => normalize(c, false, 'unicode'))).toEqual(unicode.accents);
  });
});

/** Texts with what is special to scripts, blanks and halves of characters. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'b', 'B', 'ab', ' ', '  ', '\n', '\u00a0', '.', '_', '1', 'é', 'e\u0301', 'Σ', 'İ', 'ß'),
      fc.constantFrom(
        '我',
        'の',
        'हि',
        'ไท',
        'مر',
        '😀',
        '👩‍👧',
        '𝒳',
        '\ud800',
        '\udc00',
        '\ufeff',
        '\u001c',
        'Ⅷ',
        'ﬁ',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));
const reading = fc.record({
  analyzer: fc.constantFrom('word' as const, 'char' as const, 'char_wb' as const),
  ngramRange: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(2))
    .map(([smallest, more]) => [smallest, smallest + more] as const),
  lowercase: fc.boolean(),
  stripAccents: fc.constantFrom('keep' as const, 'unicode' as const, 'ascii' as const),
});

describe('n-grams', () => {
  it('are those of the plain twin, for any text', () => {
    fc.assert(
      fc.property(text, reading, (document, options) => {
        const settings = textSettings(options, Object.keys(options), 'test');
        expect(termsOf(document, settings).sort()).toEqual(plainTerms(document, options).sort());
      }),
      { numRuns: 300 },
    );
  });
});

describe('counts', () => {
  it('are those of the plain twin, for any documents', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 8 }),
        reading,
        fc.boolean(),
        (documents, options, binary) => {
          const expected = plainCounts(documents, options, binary);
          fc.pre(expected.terms.length > 0);
          const { vectorizer, features } = CountVectorizer.fitTransform(documents, { ...options, binary });
          expect(vectorizer.featureNames).toEqual(expected.terms);
          expect(dense(features)).toEqual(expected.rows);
        },
      ),
    );
  });

  it('of learned documents are the same when they are transformed later, or by a stored vectorizer', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), reading, (documents, options) => {
        fc.pre(documents.some((document) => plainTerms(document, options).length > 0));
        for (const Vectorizer of [CountVectorizer, TfidfVectorizer]) {
          const { vectorizer, features } = Vectorizer.fitTransform(documents, options);
          expect(Vectorizer.fit(documents, options).state).toEqual(vectorizer.state);
          expect(vectorizer.transform(documents)).toEqual(features);
          const { state } = vectorizer;
          const stored = TermTransformer.of(state, termSettingsOf(state.kind, state.options), 'test');
          expect(stored.transform(documents)).toEqual(features);
        }
      }),
    );
  });

  it('of a row do not depend on the other rows, nor on their order', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 6 }), (documents) => {
        const all = ['red rose', ...documents];
        const { vectorizer, features } = TfidfVectorizer.fitTransform(all);
        const turned = TfidfVectorizer.fitTransform([...all].reverse());
        expect(turned.vectorizer.state).toEqual(vectorizer.state);
        expect(dense(turned.features).reverse()).toEqual(dense(features));
        expect(all.flatMap((each) => dense(vectorizer.transform([each])))).toEqual(dense(features));
      }),
    );
  });

  it('have columns that ascend, in a matrix without more than it needs', () => {
    const { starts, indices, values } = CountVectorizer.fitTransform(golden.documents, { ngramRange: [1, 3] }).features;
    for (let i = 0; i + 1 < starts.length; i++) {
      for (let k = starts[i] + 1; k < starts[i + 1]; k++) expect(indices[k]).toBeGreaterThan(indices[k - 1]);
    }
    expect([indices.length, values.length]).toEqual([starts[starts.length - 1], indices.length]);
  });

  it('are kept in float32 on demand', () => {
    const wide = TfidfVectorizer.fitTransform(golden.documents).features;
    const narrow = TfidfVectorizer.fitTransform(golden.documents, { dtype: 'float32' }).features;
    expect(narrow).toEqual({ ...wide, values: Float32Array.from(wide.values) });
  });

  it('distinguish words with equal hashes, and pairs of words', () => {
    const words = ['wifszxyz', 'w9xu3xyz', 'wbfa9xyz', 'w3s6mxyz'];
    const hashes = words.map((word) => murmur3(new TextEncoder().encode(word), 0, word.length));
    expect([hashes[0], hashes[2]]).toEqual([hashes[1], hashes[3]]);
    expect(CountVectorizer.fit(words).featureNames).toEqual([...words].sort());

    // The tree hashes the pairs (152, 269) and (325, 198) of words, numbered as they appear, to the same number.
    const numbered = Array.from({ length: 326 }, (_, i) => `w${i}`);
    const pairs = ['w152 w269', 'w325 w198'];
    const { vectorizer, features } = CountVectorizer.fitTransform([...numbered, ...pairs], { ngramRange: [1, 2] });
    expect(vectorizer.featureNames.filter((name) => name.includes(' '))).toEqual(pairs);
    expect(features.indices).toHaveLength(326 + 6);
  });

  it('of a binary vectorizer are numbers of documents, also for maxFeatures', () => {
    const names = (binary: boolean) =>
      CountVectorizer.fit(['dd dd dd', 'aa', 'aa'], { maxFeatures: 1, binary }).featureNames;
    expect([names(false), names(true)]).toEqual([['dd'], ['aa']]);
  });

  it('of equal totals keep the first terms', () => {
    const names = (maxFeatures: number) => CountVectorizer.fit(['dd cc bb aa', 'bb'], { maxFeatures }).featureNames;
    expect([1, 2, 3, 4, 9].map(names)).toEqual([
      ['bb'],
      ['aa', 'bb'],
      ['aa', 'bb', 'cc'],
      ['aa', 'bb', 'cc', 'dd'],
      ['aa', 'bb', 'cc', 'dd'],
    ]);
  });
});

describe('tf-idf', () => {
  it('has the numbers of the docstring', () => {
    const { vectorizer, features } = TfidfVectorizer.fitTransform(['red red rose', 'blue rose']);
    expect([...(vectorizer.state.idf ?? [])].map((weight) => weight.toFixed(4))).toEqual([
      '1.4055',
      '1.4055',
      '1.0000',
    ]);
    expect([...features.values].map((value) => value.toFixed(4))).toEqual(['0.9422', '0.3352', '0.8148', '0.5797']);
  });

  it('has rows of length 1, and of zeros for a document without a term', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (documents) => {
        const { features } = TfidfVectorizer.fitTransform(['red rose', ...documents]);
        for (const row of dense(features)) {
          const length = Math.hypot(...row);
          expect(row.every((value) => value === 0) || Math.abs(length - 1) < 1e-15).toBe(true);
        }
      }),
    );
  });
});

describe('hashing', () => {
  it('gives the counts of the plain twin, for any documents', () => {
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 5 }),
        reading,
        fc.integer({ min: 1, max: 40 }),
        (documents, options, d) => {
          for (const alternateSign of [false, true]) {
            const given = { ...options, numFeatures: d, norm: 'none' as const, alternateSign };
            expect(dense(new HashingVectorizer(given).transform(documents))).toEqual(
              plainHashes(documents, options, d, alternateSign),
            );
          }
        },
      ),
    );
  });

  it('knows MurmurHash3', () => {
    const encoded = (term: string) => new TextEncoder().encode(term);
    const hash = (term: string) => murmur3(encoded(term), 0, encoded(term).length);
    // sklearn.utils.murmurhash3_32 of scikit-learn 1.9.1, seed 0.
    const hashes = [0, 728008763, 382126120, -156908512, -409181113, -472672705, -1629919204];
    expect(['', 'f', 'fo', 'foo', 'foob', 'größe', '😀😀'].map(hash)).toEqual(hashes);
  });

  it('stores 0 where the terms of a column cancel out, whatever the norm', () => {
    // MurmurHash3 of 'foo' is negative, and that of 'fo' positive.
    for (const norm of ['l1', 'l2', 'none'] as const) {
      const features = new HashingVectorizer({ numFeatures: 1, norm }).transform(['foo fo']);
      expect(features).toMatchObject({ indices: Int32Array.of(0), values: Float64Array.of(0) });
    }
  });

  it('names the terms that share a column', () => {
    const vectorizer = new HashingVectorizer({ numFeatures: 4 });
    const { numTerms, numColumns, shared } = vectorizer.collisions(['aa bb cc', 'dd ee aa']);
    expect(numTerms).toBe(5);
    expect(shared.flatMap(({ terms }) => terms).length - shared.length).toBe(numTerms - numColumns);
    for (const { column, terms } of shared) {
      for (const term of terms) expect([...vectorizer.transform([term]).indices]).toEqual([column]);
    }
    expect(new HashingVectorizer().collisions(['aa bb cc'])).toEqual({ numTerms: 3, numColumns: 3, shared: [] });
  });
});

describe('documents', () => {
  it('may come from a generator or a source, once for each pass', () => {
    let passes = 0;
    const source = {
      *blocks() {
        passes++;
        yield golden.documents.slice(0, 7);
        yield golden.documents.slice(7);
      },
    };
    const expected = TfidfVectorizer.fitTransform(golden.documents);
    expect(TfidfVectorizer.fitTransform(source)).toEqual(expected);
    expect(passes).toBe(1);
    expect(TfidfVectorizer.fitTransform(new Set(golden.documents))).toEqual(expected);
    expect(new HashingVectorizer().transform(source)).toEqual(new HashingVectorizer().transform(golden.documents));
  });

  it('of 10 MB are read, of one word, of many, and of none', () => {
    const size = 10_000_000;
    const word = CountVectorizer.fitTransform(['a'.repeat(size), 'a'.repeat(size - 1)]);
    expect(word.features.shape).toEqual([2, 2]);
    expect([...word.features.indices]).toEqual([1, 0]);
    expect([...CountVectorizer.fitTransform(['ab '.repeat(size / 4)], { ngramRange: [1, 2] }).features.values]).toEqual(
      [size / 4, size / 4 - 1],
    );
    expect(refusal(() => CountVectorizer.fit(['\u3000'.repeat(size)]))).toContain('1 document without words');
    const char = CountVectorizer.fitTransform(['é'.repeat(size / 10)], { analyzer: 'char', ngramRange: [2, 2] });
    expect([...char.features.values]).toEqual([size / 10 - 1]);
  });

  it('with a million marks in a row are read, and lose them', () => {
    // Engines take an hour to normalize these at once.
    const marks = '\u0301\u0316'.repeat(500_000);
    for (const stripAccents of ['unicode', 'ascii'] as const) {
      const names = CountVectorizer.fit([`Ro${marks}se a\u0301\u0316${marks}b`], { stripAccents }).featureNames;
      expect(names).toEqual(['ab', 'rose']);
    }
    const mixed = 'é\u0316\u0301한\u093fﬁ\u0345'.repeat(700);
    const plain = mixed.normalize('NFKD').replace(/[\u0301\u0316\u0345]/g, '');
    expect(normalize(mixed, false, 'unicode')).toBe(plain);
  });

  it('with halves of characters are read as if they were encoded', () => {
    const whole = CountVectorizer.fitTransform(['ab\ufffdcd'], { analyzer: 'char', ngramRange: [1, 5] });
    for (const half of ['\ud83d', '\ude00']) {
      const other = CountVectorizer.fitTransform([`ab${half}cd`], { analyzer: 'char', ngramRange: [1, 5] });
      expect(other.vectorizer.state.terms).toEqual(whole.vectorizer.state.terms);
      expect(CountVectorizer.fit([`ab${half}cd`]).featureNames).toEqual(['ab', 'cd']);
    }
  });

  it('that are none give a matrix without rows, once the vocabulary is known', () => {
    expect(CountVectorizer.fit(['red']).transform([]).shape).toEqual([0, 1]);
    expect(new HashingVectorizer({ numFeatures: 8 }).transform([]).shape).toEqual([0, 8]);
  });
});

describe('bad input', () => {
  const refused = (documents: unknown, options: unknown = {}) =>
    refusal(() => CountVectorizer.fit(documents as Documents, options as object));

  it('is named, with the rule and the way out', () => {
    expect({
      none: refused([]),
      string: refused('red rose'),
      missing: refused(undefined),
      number: refused(['red', 3]),
      null: refusal(() => new HashingVectorizer().transform(['red', 'rose', null as never])),
      later: refusal(() => TfidfVectorizer.fit(['red']).transform([undefined as never])),
      letters: refused(['a', 'b c']),
      stopped: refused(['red red'], { stopWords: ['red'] }),
      pairs: refused(['red', 'rose'], { ngramRange: [2, 2] }),
      blank: refused([''], { analyzer: 'char' }),
      rare: refused(['red', 'rose', 'red'], { minDocuments: 3 }),
      share: refused(['red', 'rose', 'red'], { minDocuments: 0.9 }),
      common: refused(['red rose', 'red rose'], { maxDocuments: 1 }),
      between: refused(['red rose', 'red', 'red'], { minDocuments: 2, maxDocuments: 2 }),
      crossed: refused(['red', 'rose'], { minDocuments: 2, maxDocuments: 1 }),
    }).toEqual({
      between:
        'DomainError: CountVectorizer.fit: minDocuments must leave at least one term; got 2 terms in 3 documents, of which none is in 2 to 2 documents. Lower it, or raise maxDocuments.',
      blank:
        'DomainError: CountVectorizer.fit: documents must have at least one term; got 1 document without characters.',
      common:
        'DomainError: CountVectorizer.fit: maxDocuments must leave at least one term; got 2 terms in 2 documents, of which every one is in more than 1 document. Use maxDocuments ≥ 2.',
      crossed:
        'DomainError: CountVectorizer.fit: maxDocuments must be at least minDocuments, which is 2 of 2 documents; got 1 of them.',
      later:
        "DomainError: TfidfVectorizer.transform: documents[0] must be a string; got undefined. Pass '' for a missing text.",
      letters:
        "DomainError: CountVectorizer.fit: documents must have at least one term; got 2 documents without words of two characters or more. For single letters, use analyzer 'char'.",
      missing:
        'DomainError: CountVectorizer.fit: documents must be strings: an array, another iterable, or a source of them; got undefined.',
      none: 'DomainError: CountVectorizer.fit: documents must have at least one document; got none.',
      null: "DomainError: HashingVectorizer.transform: documents[2] must be a string; got null. Pass '' for a missing text.",
      number: "DomainError: CountVectorizer.fit: documents[1] must be a string; got 3. Pass '' for a missing text.",
      pairs:
        'DomainError: CountVectorizer.fit: documents must have at least one term; got 2 documents without 2 words of two characters or more.',
      rare: 'DomainError: CountVectorizer.fit: minDocuments must leave at least one term; got 2 terms in 3 documents, of which every one is in fewer than 3 documents. Use minDocuments ≤ 2.',
      share:
        'DomainError: CountVectorizer.fit: minDocuments must leave at least one term; got 2 terms in 3 documents, of which every one is in fewer than 3 documents. Use minDocuments ≤ 2.',
      stopped:
        'DomainError: CountVectorizer.fit: documents must have at least one term; got 1 document without words of two characters or more that are not stop words.',
      string:
        'DomainError: CountVectorizer.fit: documents must be strings: an array, another iterable, or a source of them; got "red rose". For one document, pass [text].',
    });
  });

  it('includes options', () => {
    const options = {
      range: { ngramRange: [2, 1] },
      zero: { ngramRange: [0, 1] },
      half: { ngramRange: [1, 1.5] },
      single: { ngramRange: [1] },
      scalar: { ngramRange: 2 },
      analyzer: { analyzer: 'words' },
      accents: { stripAccents: true },
      lowercase: { lowercase: 'yes' },
      unknown: { ngramrange: [1, 2] },
      min: { minDocuments: 0 },
      minHalf: { minDocuments: 1.5 },
      max: { maxDocuments: Number.NaN },
      features: { maxFeatures: 0 },
      binary: { binary: 1 },
      dtype: { dtype: 'float16' },
      stop: { stopWords: 'the' },
      stopNumber: { stopWords: ['the', 1] },
      stopSplit: { stopWords: ["don't"] },
      stopCase: { stopWords: ['The'] },
      stopChar: { stopWords: ['the'], analyzer: 'char' },
      nothing: null,
    };
    const said = Object.fromEntries(Object.entries(options).map(([name, each]) => [name, refused(['red'], each)]));
    expect(said).toEqual({
      accents: "DomainError: CountVectorizer.fit: stripAccents must be 'keep' | 'unicode' | 'ascii'; got true.",
      analyzer: `DomainError: CountVectorizer.fit: analyzer must be 'word' | 'char' | 'char_wb'; got "words".`,
      binary: 'DomainError: CountVectorizer.fit: binary must be true | false; got 1.',
      dtype: `DomainError: CountVectorizer.fit: dtype must be 'float32' | 'float64'; got "float16".`,
      features: 'DomainError: CountVectorizer.fit: maxFeatures must be an integer > 0; got 0.',
      half: 'DomainError: CountVectorizer.fit: ngramRange must be [smallest, largest], integers with 1 ≤ smallest ≤ largest; got [1, 1.5].',
      lowercase: 'DomainError: CountVectorizer.fit: lowercase must be true | false; got "yes".',
      max: 'DomainError: CountVectorizer.fit: maxDocuments must be an integer ≥ 1, or a share of the documents in (0, 1); got NaN.',
      min: 'DomainError: CountVectorizer.fit: minDocuments must be an integer ≥ 1, or a share of the documents in (0, 1); got 0.',
      minHalf:
        'DomainError: CountVectorizer.fit: minDocuments must be an integer ≥ 1, or a share of the documents in (0, 1); got 1.5.',
      nothing: 'DomainError: CountVectorizer.fit: options must be an object; got null.',
      range:
        'DomainError: CountVectorizer.fit: ngramRange must be [smallest, largest], integers with 1 ≤ smallest ≤ largest; got [2, 1].',
      scalar: 'ShapeError: CountVectorizer.fit: ngramRange must be [smallest, largest]; got 2.',
      single:
        'DomainError: CountVectorizer.fit: ngramRange must be [smallest, largest], integers with 1 ≤ smallest ≤ largest; got [1].',
      stop: 'ShapeError: CountVectorizer.fit: stopWords must be an array of words; got "the".',
      stopCase:
        'DomainError: CountVectorizer.fit: stopWords[0] must be a word as documents are read; got "The". It is read as "the": add that to stopWords.',
      stopChar:
        "DomainError: CountVectorizer.fit: stopWords must belong to the analyzer 'word'; got the analyzer 'char'. The analyzer 'char' does not read words: leave stopWords out.",
      stopNumber: 'DomainError: CountVectorizer.fit: stopWords[1] must be a string; got 1.',
      stopSplit: `DomainError: CountVectorizer.fit: stopWords[0] must be a word as documents are read; got "don't". It is read as "don": add that to stopWords.`,
      unknown:
        "DomainError: CountVectorizer.fit: options must have keys among analyzer, ngramRange, lowercase, stripAccents, stopWords, dtype, minDocuments, maxDocuments, maxFeatures, binary; got 'ngramrange'. Did you mean ngramRange?",
      zero: 'DomainError: CountVectorizer.fit: ngramRange must be [smallest, largest], integers with 1 ≤ smallest ≤ largest; got [0, 1].',
    });
    expect(refused(['red'], { stopWords: ['a', "don't", 'don'] })).toBe('accepted');
    const others = [
      () => TfidfVectorizer.fit(['red'], { norm: 'l3' as never }),
      () => TfidfVectorizer.fit(['red'], { useIdf: 0 as never }),
      () => TfidfVectorizer.fit(['red'], { smoothIdf: 0 as never }),
      () => TfidfVectorizer.fit(['red'], { sublinearTf: 0 as never }),
      () => new HashingVectorizer({ numFeatures: 2 ** 31 }),
      () => new HashingVectorizer({ numFeatures: 1.5 }),
      () => new HashingVectorizer({ alternateSign: null as never }),
      () => new HashingVectorizer({ minDocuments: 2 } as never),
    ];
    expect(others.map(refusal)).toEqual([
      `DomainError: TfidfVectorizer.fit: norm must be 'l1' | 'l2' | 'none'; got "l3".`,
      'DomainError: TfidfVectorizer.fit: useIdf must be true | false; got 0.',
      'DomainError: TfidfVectorizer.fit: smoothIdf must be true | false; got 0.',
      'DomainError: TfidfVectorizer.fit: sublinearTf must be true | false; got 0.',
      'DomainError: HashingVectorizer: numFeatures must be an integer from 1 to 2³¹ − 1; got 2147483648.',
      'DomainError: HashingVectorizer: numFeatures must be an integer from 1 to 2³¹ − 1; got 1.5.',
      'DomainError: HashingVectorizer: alternateSign must be true | false; got null.',
      "DomainError: HashingVectorizer: options must have keys among analyzer, ngramRange, lowercase, stripAccents, stopWords, dtype, numFeatures, alternateSign, binary, norm; got 'minDocuments'.",
    ]);
  });

  it('is found before the documents are read', () => {
    const unread = {
      blocks(): never {
        throw new Error('read');
      },
    };
    for (const options of [{ norm: 'l3' }, { dtype: 'x' }, { minDocuments: -1 }, { maxFeatures: 0 }, { binary: 2 }]) {
      expect(refusal(() => TfidfVectorizer.fit(unread, options as never))).toContain('DomainError');
      expect(refusal(() => CountVectorizer.fit(unread, options as never))).toContain('DomainError');
    }
  });
});
