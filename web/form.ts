// web: the training form, made from the package's own table of options.
import type { OptionField, Solver } from 'softmax-regression';
import { byId, fill } from './views.js';

/** What suits the data at hand better than the defaults of the package. */
export type Suggestions = Readonly<Record<string, string | number | boolean>>;

/** The fields of the form, one for each option. */
export class TrainingForm {
  readonly #fields: readonly OptionField[];

  constructor(fields: readonly OptionField[]) {
    this.#fields = fields;
    const grid = document.createElement('div');
    grid.className = 'grid';
    const switches = fields.filter(({ input }) => input === 'switch').map(labelOf);
    fill(grid, fields.filter(({ input }) => input !== 'switch').map(labelOf));
    fill(byId('options'), [grid, ...switches]);
    byId('solver').addEventListener('change', () => this.#choose());
    this.#choose();
  }

  /** The options that the form has. */
  get fields(): readonly OptionField[] {
    return this.#fields;
  }

  get solver(): Solver {
    return byId<HTMLSelectElement>('solver').value as Solver;
  }

  /** Whether the solver reads an option. */
  reads(name: string, solver = this.solver): boolean {
    const field = this.#fields.find((each) => each.name === name);
    return field !== undefined && solver in field.defaults;
  }

  /**
   * Fills in what suits the data; every other field is empty and stands for its default.
   *
   * @param options of a link or another form, in place of the suggestions for all fields that their solver reads; a number
   *   that they lack has its default
   */
  suggest(suggestions: Suggestions, options?: Suggestions): void {
    const solver = (options?.solver ?? suggestions.solver) as Solver;
    for (const { name, input, defaults } of this.#fields) {
      const control = byId<HTMLInputElement>(idOf(name));
      const isGiven = options !== undefined && name !== 'solver' && this.reads(name, solver);
      const value = name === 'solver' ? solver : (isGiven ? options : suggestions)[name];
      if (input === 'switch') control.checked = (value ?? suggestions[name]) === true;
      else control.value = String(value ?? (input === 'choice' ? (defaults[solver] ?? control.value) : ''));
    }
    this.#choose();
  }

  /** The options that are filled in and that the solver reads. */
  options(): Readonly<Record<string, string | number | boolean>> {
    const values = this.#fields.flatMap(({ name, input, defaults }): [string, string | number | boolean][] => {
      const { value, checked } = byId<HTMLInputElement>(idOf(name));
      if (!this.reads(name) || (input !== 'switch' && value === '')) return [];
      if (input === 'switch') return [[name, checked]];
      if (input !== 'choice') return [[name, Number(value)]];
      return name === 'solver' || value !== defaults[this.solver] ? [[name, value]] : [];
    });
    return Object.fromEntries(values);
  }

  /** Shows the fields of the solver, each empty one with its default. */
  #choose(): void {
    for (const { name, input, defaults } of this.#fields) {
      const control = byId<HTMLInputElement>(idOf(name));
      (control.closest('label') as HTMLElement).hidden = !this.reads(name);
      // Else a wrong value in it would block the form without a word.
      control.disabled = !this.reads(name);
      if (input === 'switch' || input === 'choice') continue;
      const text = defaults[this.solver] ?? '';
      control.placeholder = text.length > 12 ? 'default' : text;
      control.title = `Default: ${text}`;
    }
  }
}

function labelOf({ name, title, input, choices = [] }: OptionField): HTMLLabelElement {
  const label = document.createElement('label');
  const control = document.createElement(input === 'choice' ? 'select' : 'input');
  control.id = idOf(name);
  if (control instanceof HTMLInputElement) {
    control.type = input === 'switch' ? 'checkbox' : 'number';
    if (input !== 'switch') control.step = input === 'integer' ? '1' : 'any';
  }
  fill(
    control,
    choices.map((choice) => new Option(choice.title, choice.value)),
  );
  if (input === 'switch') label.append(control, ` ${title}`);
  else label.append(`${title} `, control);
  label.className = input === 'switch' ? 'check' : input === 'choice' ? 'full' : '';
  return label;
}

/** The option's name in kebab case. */
function idOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
