// data: rows of fields → the schema of the table.
import { DomainError, FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import { missingValue } from '../encode.js';
import { assertColumns, LISTED, LISTED_TEXT, NUMBER } from '../limits.js';
import { MissingMarkers } from '../missing.js';
import {
  assertLineEnds,
  assertNames,
  checkHeader,
  checkWidth,
  commentHint,
  findColumn,
  NO_HEADER,
  placesOf,
} from '../places.js';
import { type Row, textsOf } from '../row.js';
import { type CsvSchema, dropsUnlabelled, type MissingPolicy, namesOf } from '../schema.js';
import { assertReadable, ignoring } from '../typed/refusal.js';
import type { TypedColumn } from '../typed/table.js';
import { CategoryLearner } from './category.js';
import { ColumnErrors, type ColumnLearner, type ColumnSummary, type LearnOptions, type Learnt } from './column.js';
import { DateLearner } from './date.js';
import { FeatureLearner } from './feature.js';
import { LabelLearner } from './label.js';
import { GroupLearner, TimeLearner, WeightLearner } from './roles.js';

/** Rows without a weight, a group or a time. */
const DROP_ADVICE = "Pass `missing: 'drop'` to skip rows without a value there.";

/** The uses of columns that options name, by the name of the option. */
const USES = { label: 'label', sampleWeight: 'weight', group: 'group', time: 'time' } as const;

type Use = (typeof USES)[keyof typeof USES];
type Role = Use | 'category' | 'date' | 'feature' | 'ignored' | 'index';

/** The uses that a column to ignore may have, because its values are no features. */
const WITHOUT_FEATURES: ReadonlySet<Role> = new Set(['weight', 'group', 'time']);

/** The names under which pandas reads its own index back, from CSV and from Parquet. */
const INDEX_NAMES: ReadonlySet<string> = new Set(['Unnamed: 0', '__index_level_0__']);

/** What to do about a missing value of a column without features, by its role. */
const MISSING_ADVICE: Readonly<Partial<Record<Role, string>>> = {
  label: "Pass `missingLabel: 'drop'` to skip rows without a label.",
  weight: DROP_ADVICE,
  group: DROP_ADVICE,
  time: DROP_ADVICE,
};

/** The state of a column during the pass. */
interface Column {
  readonly name: string;
  readonly role: Role;
  readonly policy: MissingPolicy;
  /** Undefined for a column that is not read. */
  readonly learner: ColumnLearner | undefined;
  /** The number of rows without a value, and of those among them that were not dropped. */
  missing: number;
  filled: number;
}

/**
 * Learns a schema in one pass. Its memory does not grow with the number of rows, unless medians are needed.
 *
 * Errors in a table are found here, before memory for its values is allocated.
 */
export class Learner {
  rows = 0;
  dropped = 0;
  readonly #options: LearnOptions;
  readonly #rare: ReadonlySet<string>;
  #labelField = -1;
  readonly #markers: MissingMarkers;
  #columns: Column[] | undefined;
  /** The fields of a row as numbers, NaN for other text; and which of them are missing. */
  #numbers = new Float64Array(0);
  #isMissing: boolean[] = [];
  #summaries: ColumnSummary[] = [];
  #rowBytes = NUMBER;

  readonly #rowAt: (line: number) => string;

  /**
   * @param rare the labels whose rows are left out, as `rareLabels` of another learner returns them
   * @param rowAt the place of a row for error messages
   */
  constructor(
    options: LearnOptions,
    rare: ReadonlySet<string> = new Set(),
    rowAt = (line: number) => `${options.name}:${line}`,
  ) {
    this.#options = options;
    this.#rowAt = rowAt;
    this.#rare = rare;
    this.#markers = new MissingMarkers(options.missingTokens, options);
  }

  /** Whether the header has been processed, or the first row of a table without a header. */
  get hasBegun(): boolean {
    return this.#columns !== undefined;
  }

  /** Processes the header, or begins a table without one. True if the row is a header. */
  begin(row: Row, line: number): boolean {
    const { header } = this.#options;
    const where = this.#rowAt(line);
    assertColumns(row.length, where);
    const fields = textsOf(row);
    assertLineEnds(fields, where);
    if (header) assertNames(fields, where, 'If the file has no header, pass `header: false`.');
    const names = header ? fields : fields.map((_, i) => `column ${i + 1}`);
    this.#columns = this.#begin(names, where, header ? NO_HEADER : undefined);
    return header;
  }

  /**
   * Begins a table whose columns have names and types.
   *
   * @throws FormatError if a column that is read has a type without an encoding
   */
  beginTyped(columns: readonly TypedColumn[]): void {
    const { name } = this.#options;
    assertColumns(columns.length, name);
    this.#columns = this.#begin(
      columns.map((column) => column.name),
      name,
      undefined,
      columns,
    );
    columns.forEach((column, i) => {
      if (this.fields.has(i)) assertReadable(column, name, ignoring(column.name));
    });
  }

  /** The fields of the columns that are read. */
  get fields(): ReadonlySet<number> {
    return new Set(this.#columns?.flatMap(({ learner }, i) => (learner === undefined ? [] : [i])));
  }

  /**
   * Checks that a row fits the table, and changes nothing but what `take` needs.
   *
   * @throws FormatError at the first field that does not fit
   */
  check(row: Row, line: number): void {
    const columns = this.#columns ?? [];
    if (row.length !== columns.length) this.#refuseWidth(row, line, columns);
    const { decimal } = this.#options;
    let drops = false;
    for (let i = 0; i < columns.length; i++) {
      const { learner } = columns[i];
      if (learner === undefined) continue;
      this.#numbers[i] = row.number(i, decimal);
      this.#isMissing[i] = this.#isMissingAt(row, i);
      if (this.#isMissing[i]) drops = this.#drops(columns[i], row, line, i) || drops;
    }
    this.#isDropped = drops;
    if (drops) return;
    for (let i = 0; i < columns.length; i++) {
      if (!this.#isMissing[i]) columns[i].learner?.check(row, i, this.#numbers[i], line);
    }
  }

  #refuseWidth(row: Row, line: number, columns: readonly Column[]): void {
    const { header } = this.#options;
    const where = this.#rowAt(line);
    const aside = header ? commentHint(columns.map(({ name: each }) => each)) : undefined;
    assertLineEnds(textsOf(row), where);
    checkWidth(row.length, columns.length, where, header ? 'like the header' : 'like the first row', aside);
  }

  /** Whether the checked row is dropped because of a missing value. */
  #isDropped = false;

  /** Learns from the row that was checked. */
  take(row: Row, line: number): void {
    const columns = this.#columns ?? [];
    const isDropped = this.#isDropped;
    if (!isDropped && this.isRare(row)) return;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      if (column.learner === undefined) continue;
      if (this.#isMissing[i]) {
        column.missing++;
        if (!isDropped) column.filled++;
      } else if (!isDropped) {
        column.learner.take(row, i, this.#numbers[i], line);
      }
    }
    if (isDropped) this.dropped++;
    else this.rows++;
  }

  get columns(): number {
    return this.#columns?.length ?? 0;
  }

  /** The bytes that one row takes in the table. Columns of text and dates count as one feature until `finish`. */
  get rowBytes(): number {
    return this.#rowBytes;
  }

  /** The same without the features: what a row takes if these are stored elsewhere, and equal labels are one text. */
  get listedBytes(): number {
    const ofColumn = ({ role, policy }: Column) =>
      isFeature(role) ? bytesOf(role, policy) - NUMBER : role === 'label' ? GROWING : bytesOf(role, policy);
    return (this.#columns ?? []).reduce((sum, column) => sum + ofColumn(column), NUMBER);
  }

  /** The field of the column with this use; -1 if there is none. */
  fieldOf(use: Use): number {
    return this.#columns?.findIndex(({ role }) => role === use) ?? -1;
  }

  /** Whether the label of a row is rare. */
  isRare(row: Row): boolean {
    return this.#rare.size > 0 && this.#rare.has(row.text(this.#labelField));
  }

  /** The labels, as written, of classes with fewer than `least` rows, each with its number of rows. */
  rareLabels(least: number): ReadonlyMap<string, number> {
    const label = this.#columns?.[this.#labelField]?.learner;
    return label instanceof LabelLearner ? label.rare(least) : new Map();
  }

  /** @throws FormatError if there are no rows, only one class, or a column without values */
  finish(): CsvSchema {
    const { name: where, header, decimal, thousands, comment, missing, missingLabel } = this.#options;
    const { missingTokens, unseen } = this.#options;
    if (this.#columns === undefined || this.rows === 0) {
      const none = this.#rare.size > 0 ? 'only rows of classes with too few rows' : 'none';
      const rows = this.dropped > 0 ? `${this.dropped} with a missing value` : none;
      const actual = this.#columns === undefined ? 'an empty file' : rows;
      throw new FormatError({ where, argument: 'the table', expected: 'have at least one row', actual });
    }
    const learnt = this.#columns.map((column) => this.#learnt(column));
    const columns = learnt.map(({ column }, i) => {
      const own = this.#columns?.[i].policy;
      return namesOf(column).length > 0 && own !== missing ? { ...column, missing: own } : column;
    });
    if (!columns.some((column) => namesOf(column).length > 0)) throw withoutFeatures(where);
    this.#columns.forEach(({ role }, i) => {
      if (isFeature(role)) this.#rowBytes += NUMBER * (namesOf(columns[i]).length - 1);
    });
    this.#summaries = this.#columns.map(({ name, missing: count }, i) => {
      const { column, values, suspect, note } = learnt[i];
      const found = { name, kind: column.kind, values, missing: count, features: namesOf(column).length };
      return { ...found, ...(suspect && { suspect }), ...(note !== undefined && { note }) };
    });
    return {
      ...{ header, decimal, missing, missingTokens, unseen, columns },
      ...(thousands && { thousands }),
      ...(comment !== undefined && { comment }),
      ...(missingLabel !== undefined && { missingLabel }),
    };
  }

  /** What was found in each column; known once the table is finished. */
  get summaries(): readonly ColumnSummary[] {
    return this.#summaries;
  }

  /** @param aside advice on a header that looks like data */
  #begin(
    names: readonly string[],
    where: string,
    aside: string | undefined,
    types: readonly TypedColumn[] = [],
  ): Column[] {
    const { name, header, ignore, categories, dates, dateOrder, missing, missingByColumn } = this.#options;
    const places = placesOf(names);
    const find = (column: string | number, argument: string) =>
      findColumn(column, names, places, where, argument, aside !== undefined);
    const ignored = ignore.flatMap((column) =>
      // There may be several columns without a name.
      column === '' ? names.flatMap((each, i) => (each === '' ? [i] : [])) : [find(column, 'ignore')],
    );
    const roles = new Map<number, Role>(ignored.map((i) => [i, 'ignored']));
    const argumentOf = new Map<number, string>(ignored.map((i) => [i, 'ignore']));
    const refuse = (i: number, argument: string, by: string, expected: string, hint?: string): never => {
      throw new DomainError({
        where,
        argument,
        expected,
        actual: `${describe(names[i])}, which \`${by}\` names`,
        hint,
      });
    };
    const assign = (columns: readonly (string | number)[], role: Use | 'category' | 'date', argument: string) => {
      for (const column of columns) {
        const i = find(column, argument);
        const before = roles.get(i);
        const other = 'be left out for a column that has another use';
        if (before === 'ignored') {
          if (!WITHOUT_FEATURES.has(role)) refuse(i, 'ignore', argument, other);
        } else if (before !== undefined && before !== role) {
          refuse(i, argument, argumentOf.get(i) as string, other);
        }
        roles.set(i, role);
        argumentOf.set(i, argument);
      }
    };
    for (const [argument, role] of Object.entries(USES) as [keyof typeof USES, Use][]) {
      const column = this.#options[argument];
      if (column !== undefined) assign([column], role, argument);
    }
    assign(categories, 'category', 'categories');
    assign(dates, 'date', 'dates');
    if (dateOrder !== undefined && dates.length === 0) {
      const hint = 'Name the columns of dates with `dates`.';
      const expected = 'be left out where no column is read as dates';
      throw new DomainError({ where, argument: 'dateOrder', expected, actual: describe(dateOrder), hint });
    }
    for (const column of Object.keys(missingByColumn)) {
      const i = find(column, 'missingByColumn');
      const role = roles.get(i);
      if (role === undefined || role === 'category' || role === 'date') continue;
      refuse(i, 'missingByColumn', argumentOf.get(i) as string, 'name only columns of features', MISSING_ADVICE[role]);
    }
    types.forEach(({ use }, i) => {
      if (use !== undefined && !roles.has(i)) roles.set(i, use);
    });
    // pandas and R write row names as a first column without a name.
    if (header && names[0] === '' && names.length > 1 && !roles.has(0)) roles.set(0, 'index');
    const isUsed = (i: number) => !['ignored', 'index'].includes(roles.get(i) ?? 'feature');
    checkHeader(names, where, isUsed, `Rename one of them.${aside === undefined ? '' : ` ${aside}`}`);
    if (!names.some((_, i) => isFeature(roles.get(i) ?? 'feature'))) throw withoutFeatures(name);
    this.#labelField = [...roles].find(([, role]) => role === 'label')?.[0] ?? -1;
    this.#numbers = new Float64Array(names.length);
    this.#isMissing = names.map(() => false);
    return names.map((each, i) => {
      const role = roles.get(i) ?? 'feature';
      const policy = Object.hasOwn(missingByColumn, each) ? missingByColumn[each] : missing;
      this.#rowBytes += bytesOf(role, policy);
      return { name: each, role, policy, learner: this.#learner(role, each, policy), missing: 0, filled: 0 };
    });
  }

  #learner(role: Role, name: string, policy: MissingPolicy): ColumnLearner | undefined {
    const errors = new ColumnErrors(name, this.#options.name, this.#rowAt);
    if (role === 'label') return new LabelLearner(errors, this.#options, this.#rare.size > 0);
    if (role === 'weight') return new WeightLearner(errors);
    if (role === 'group') return new GroupLearner(errors);
    if (role === 'time') return new TimeLearner(errors);
    if (role === 'category') return new CategoryLearner(errors, this.#options);
    if (role === 'date') return new DateLearner(errors, this.#options, policy);
    return role === 'feature' ? new FeatureLearner(errors, this.#options, policy) : undefined;
  }

  #isMissingAt(row: Row, i: number): boolean {
    if (!this.#markers.haveNumbers && !Number.isNaN(this.#numbers[i])) return false;
    return this.#markers.has(row.text(i));
  }

  /** Whether a missing value drops its row. Throws if the value is required. */
  #drops({ role, name, policy }: Column, row: Row, line: number, i: number): boolean {
    const isNeeded = role === 'label' || role === 'weight' || role === 'group' || role === 'time';
    const { missing } = this.#options;
    if (role === 'label' ? dropsUnlabelled(this.#options) : (isNeeded ? missing : policy) === 'drop') return true;
    if (!isNeeded && policy !== 'error') return false;
    const where = `${this.#rowAt(line)}:${i + 1}`;
    const option = role === 'label' ? 'missingLabel' : isNeeded ? 'missing' : undefined;
    throw missingValue(where, name, row.text(i), 'have a value', option);
  }

  #learnt({ name, role, learner, filled, policy }: Column): Learnt {
    const column = { kind: 'ignored', name } as const;
    if (role === 'index') return { column, values: undefined, note: 'no name: a row index, not read' };
    if (learner === undefined) return { column, values: undefined };
    if (INDEX_NAMES.has(name) && learner instanceof FeatureLearner && learner.areRowNumbers) {
      return { column, values: undefined, note: 'row numbers, not read' };
    }
    return learner.learnt({ count: filled, policy, rows: this.rows });
  }
}

function isFeature(role: Role): boolean {
  return role === 'feature' || role === 'category' || role === 'date';
}

function withoutFeatures(where: string): FormatError {
  const expected = 'have at least one column of features';
  return new FormatError({ where, argument: 'the table', expected, actual: 'none' });
}

/** Bytes of an entry of a list, up to three times while the list grows. */
const GROWING = 3 * NUMBER;

/** The bytes that a column takes in each row. For a median, all values are kept. */
function bytesOf(role: Role, policy: MissingPolicy): number {
  if (isFeature(role)) return NUMBER + (policy === 'median' ? LISTED : 0);
  if (role === 'label') return LISTED;
  if (role === 'group') return LISTED_TEXT;
  return role === 'weight' || role === 'time' ? NUMBER : 0;
}
