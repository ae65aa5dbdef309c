// data: the second pass over the rows of a table, which encodes them.
import { FormatError } from '../../core/errors.js';
import { DistinctLabels, type Label, sortedClasses } from '../../core/labels.js';
import { instantOf } from '../../features/date.js';
import type { FeatureArray } from '../batches.js';
import type { BadRows } from './bad-rows.js';
import { RowEncoder } from './encode.js';
import type { ColumnSummary } from './learn/column.js';
import type { Learner } from './learn/learner.js';
import type { Row, RowBlock } from './row.js';
import { type CsvSchema, featureNamesOf } from './schema.js';
import { TargetReader } from './targets.js';

/** A table as numbers. */
export interface CsvTable {
  readonly features: FeatureArray<Float64Array>;
  readonly featureNames: readonly string[];
  /** How the table is read, as plain JSON, for `encodeRows` and `readCsvRows`. */
  readonly schema: CsvSchema;
  /** The line of the file on which each row begins, from 1. */
  readonly lines: Float64Array;
  /** The number of rows dropped because of missing values. */
  readonly dropped: number;
  /** What was found in each column of the file, and what it became. */
  readonly columns: readonly ColumnSummary[];
  /** With `sampleWeight`, the weight of each row: the option `sampleWeights` of a fit. */
  readonly sampleWeights?: Float64Array;
  /** With `group`, the group of each row, as written. */
  readonly groups?: readonly string[];
  /** With `time`, the time of each row: its number, or for dates milliseconds since 1970, UTC without an offset. */
  readonly times?: Float64Array;
}

/** A table as numbers, with the labels of one column. */
export interface LabelledCsvTable extends CsvTable {
  /** One for each row: all numbers, all booleans, or all strings. */
  readonly labels: readonly Label[];
  /** The distinct labels, in ascending order. */
  readonly classes: readonly Label[];
  /** With `minClassCount`, the labels that were left out, as written, and the number of rows of each. */
  readonly leftOut?: Readonly<Record<string, number>>;
}

/** A table with its features in memory or elsewhere. */
export type TableOf<Features> = Omit<CsvTable, 'features'> &
  Partial<Omit<LabelledCsvTable, keyof CsvTable>> & { readonly features: Features };

/** What a second pass over the rows needs. */
interface Learnt {
  /** The name of the file, for error messages. */
  readonly name: string;
  readonly learner: Learner;
  readonly bad: BadRows;
  readonly rare: ReadonlyMap<string, number>;
  readonly rowAt: (line: number) => string;
  /** Whether the first row may be a header. */
  readonly isHeader: boolean;
  /** Whether equal labels are to be one text. */
  readonly isInterned: boolean;
}

/** The second pass over the rows of a table: encodes them, and keeps what is not a feature. */
export class TableEncoding {
  readonly n: number;
  readonly d: number;
  readonly #learnt: Learnt;
  readonly #schema: CsvSchema;
  readonly #encoder: RowEncoder;
  readonly #targets: TargetReader;
  readonly #group: number;
  readonly #time: number;
  readonly #lines: Float64Array;
  readonly #labels: Label[] = [];
  readonly #distinct: DistinctLabels | undefined;
  readonly #weights: Float64Array | undefined;
  readonly #groups: string[] = [];
  readonly #times: Float64Array | undefined;
  #row = 0;
  #spare: Float64Array | undefined;
  #isHeader: boolean;

  constructor(learnt: Learnt) {
    const { learner, rowAt, isHeader, isInterned } = learnt;
    this.#learnt = learnt;
    this.#distinct = isInterned ? new DistinctLabels() : undefined;
    const schema = learner.finish();
    this.#schema = schema;
    this.#group = learner.fieldOf('group');
    this.#time = learner.fieldOf('time');
    const place = (line: number, field: number) => `${rowAt(line)}:${field + 1}`;
    const needed = [this.#group, this.#time].filter((field) => field !== -1);
    const fieldOf = [...schema.columns.keys()];
    this.#encoder = new RowEncoder(schema, fieldOf, place, { needed });
    this.#targets = new TargetReader(schema, fieldOf, place);
    this.n = learner.rows;
    this.d = this.#encoder.numFeatures;
    this.#lines = new Float64Array(this.n);
    this.#weights = this.#targets.hasWeight ? new Float64Array(this.n) : undefined;
    this.#times = this.#time === -1 ? undefined : new Float64Array(this.n);
    this.#isHeader = schema.header && isHeader;
  }

  /**
   * Adds the next rows, all of a block or those from `start` to `end`, their features from the beginning of `values`. Returns how
   * many were not left out.
   *
   * @throws FormatError if there are more than were learned
   */
  add(block: RowBlock, values: Float64Array, start = 0, end = block.count): number {
    const { learner, bad } = this.#learnt;
    let added = 0;
    for (let i = this.#isHeader ? 1 : start; i < end; i++) {
      block.select(i);
      const { line } = block;
      if (bad.lines.has(line)) continue;
      // Else its last fields would be those of another row.
      if (block.length !== this.#schema.columns.length) throw this.#changed(`${block.length} fields on line ${line}`);
      if (learner.isRare(block)) continue;
      // Rows that are left out may follow the last one.
      const isAfterLast = this.#row === this.n;
      if (isAfterLast) this.#spare ??= new Float64Array(this.d);
      const [into, at] = this.#spare === undefined ? [values, added * this.d] : [this.#spare, 0];
      if (!this.#encoder.encode(block, line, into, at)) continue;
      if (isAfterLast) throw this.#changed('more');
      if (this.#targets.hasLabel) {
        const label = this.#targets.label(block, line);
        this.#labels.push(this.#distinct?.of(label) ?? label);
      }
      if (this.#weights !== undefined) this.#weights[this.#row] = this.#targets.weight(block, line);
      if (this.#group !== -1) this.#groups.push(block.text(this.#group));
      if (this.#times !== undefined) this.#times[this.#row] = timeIn(block, this.#time, this.#schema.decimal);
      this.#lines[this.#row++] = line;
      added++;
    }
    this.#isHeader = false;
    return added;
  }

  #changed(actual: string): FormatError {
    const expected = `have the same ${this.n} rows each time it is read`;
    const hint = 'The file has changed meanwhile: read it when it is complete, or a copy.';
    return new FormatError({ where: this.#learnt.name, argument: 'the table', expected, actual, hint });
  }

  /**
   * The table with its features, once all rows were added.
   *
   * @throws FormatError if there are fewer than were learned
   */
  table<Features>(features: Features): TableOf<Features> {
    if (this.#row < this.n) throw this.#changed(String(this.#row));
    const { learner, rare } = this.#learnt;
    const { dropped, summaries: columns } = learner;
    const schema = this.#schema;
    const table = {
      ...{ features, featureNames: featureNamesOf(schema), schema, lines: this.#lines, dropped, columns },
      ...(this.#weights && { sampleWeights: this.#weights }),
      ...(this.#group !== -1 && { groups: this.#groups }),
      ...(this.#times && { times: this.#times }),
    };
    if (!this.#targets.hasLabel) return table;
    const labels = this.#labels;
    const leftOut = rare.size === 0 ? {} : { leftOut: Object.fromEntries(rare) };
    return { ...table, labels, classes: sortedClasses(labels), ...leftOut };
  }
}

/** A number, or the milliseconds of a date. */
function timeIn(row: Row, field: number, decimal: '.' | ','): number {
  const number = row.number(field, decimal);
  return Number.isNaN(number) ? instantOf(row.text(field)) : number;
}
