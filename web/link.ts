// web: the state of the page as the query of its address, so that a link shows what is seen.
import type { OptionField } from 'softmax-regression';
import { BACKENDS_OF_PAGE, type BackendOfPage, EXAMPLES, type ExampleName } from './messages.js';

export interface LinkState {
  readonly data: ExampleName | undefined;
  /** Of points that are made. */
  readonly dataSeed: number;
  /** The options of the form by name. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** If the user chose it. */
  readonly backend: BackendOfPage | undefined;
  /** Where the training pauses or is stopped, or its end; undefined if there is none. */
  readonly at: number | `${number}-stopped` | 'end' | undefined;
}

export const NOTHING: LinkState = { data: undefined, dataSeed: 0, options: {}, backend: undefined, at: undefined };

/** The query of a state, with `?`; empty for data from files, which a link cannot hold. */
export function writeLink({ data, dataSeed, options, backend, at }: LinkState): string {
  if (data === undefined) return '';
  const query = new URLSearchParams({ data });
  if (dataSeed !== 0 && isMade(data)) query.set('data-seed', String(dataSeed));
  for (const [name, value] of Object.entries(options)) query.set(name, String(value));
  if (backend !== undefined) query.set('backend', backend);
  if (at !== undefined) query.set('at', String(at));
  return `?${query}`;
}

/** Whether an example is made from a seed. */
export function isMade(data: ExampleName | undefined): boolean {
  return data === 'blobs' || data === 'xor';
}

interface Read {
  readonly state: LinkState;
  /** What is wrong with the link, in words. Such parts are left out. */
  readonly wrong: readonly string[];
}

const MOST_WRONG = 3;

/**
 * Reads a query.
 *
 * @param fields the options that the form has
 * @param examples the data that this build has
 */
export function readLink(text: string, fields: readonly OptionField[], examples: readonly string[]): Read {
  const query = new URLSearchParams(text);
  const wrong: string[] = [];
  const options: Record<string, string | number | boolean> = {};
  let state = NOTHING;
  for (const name of new Set(query.keys())) {
    const [value, ...others] = query.getAll(name);
    if (others.length > 0) wrong.push(`In the link, ${shown(name)} occurs more than once: the first one counts.`);
    const refuse = (rule: string) => void wrong.push(`In the link, ${name} must be ${rule}; got ${quoted(value)}.`);
    const field = fields.find((each) => each.name === name);
    if (field !== undefined) {
      const option = optionOf(field, value);
      if (option === undefined) refuse(ruleOf(field));
      else options[name] = option;
    } else if (name === 'data') {
      const data = EXAMPLES.find((each) => each === value && examples.includes(each));
      if (data === undefined) refuse(`one of ${examples.join(', ')}`);
      else state = { ...state, data };
    } else if (name === 'data-seed') {
      const dataSeed = integerOf(value);
      if (dataSeed === undefined || dataSeed >= 2 ** 32) refuse('an integer from 0 to 4294967295');
      else state = { ...state, dataSeed };
    } else if (name === 'backend') {
      const backend = BACKENDS_OF_PAGE.find((each) => each === value);
      if (backend === undefined) refuse(`one of ${BACKENDS_OF_PAGE.join(', ')}`);
      else state = { ...state, backend };
    } else if (name === 'at') {
      const at = endOf(value);
      if (at === undefined) refuse('an integer > 0, such an integer with -stopped, or end');
      else state = { ...state, at };
    } else wrong.push(`The page has no use for ${quoted(name)} in the link.`);
  }
  state = { ...state, options };
  if (query.has('data-seed') && state.data !== undefined && !isMade(state.data))
    wrong.push(`In the link, data-seed has no effect with the data ${state.data}.`);
  if (state.data === undefined && wrong.length === 0 && query.size > 0) wrong.push('The link names no data.');
  return { state, wrong };
}

/** The faults of a link in a few sentences. */
export function inShort(faults: readonly string[]): string {
  const others = faults.length - MOST_WRONG;
  const more = others > 0 ? [`And ${others} more ${others === 1 ? 'fault' : 'faults'}.`] : [];
  return [...faults.slice(0, MOST_WRONG), ...more].join(' ');
}

function optionOf({ input, choices = [] }: OptionField, value: string): string | number | boolean | undefined {
  if (input === 'switch') return value === 'true' || value === 'false' ? value === 'true' : undefined;
  if (input === 'choice') return choices.find((choice) => choice.value === value)?.value;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function ruleOf({ input, choices = [] }: OptionField): string {
  if (input === 'switch') return 'true or false';
  return input === 'choice' ? `one of ${choices.map(({ value }) => value).join(', ')}` : 'a number';
}

function endOf(value: string): LinkState['at'] {
  const [number, ...rest] = value.split('-');
  const at = integerOf(number);
  if (value === 'end' || at === undefined || at === 0) return value === 'end' ? value : undefined;
  if (rest.length === 0) return at;
  return rest.join() === 'stopped' ? `${at}-stopped` : undefined;
}

function integerOf(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

const LONGEST = 40;

function quoted(value: string): string {
  return `“${shown(value)}”`;
}

function shown(value: string): string {
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}
