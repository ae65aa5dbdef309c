// web: the prediction for a typed row, or for a drawn or chosen image.
import { calm, fail } from './alert.js';
import { drawGrey } from './charts.js';
import type { Client } from './client.js';
import type { Field, HeldOutSample, ImageSize, ModelSummary, RowToPredict } from './messages.js';
import { byId, count, element, fill, showShares } from './views.js';

const BRUSH = 0.055;

/** Fields that are shown. The others of a wide table keep the values of a sample. */
const MOST_FIELDS = 200;

/** The part of the page that predicts. */
export class PredictView {
  readonly #client: Client;
  readonly #canvas = byId<HTMLCanvasElement>('canvas');
  #fields: readonly Field[] = [];
  /** The values of the fields that are not shown. */
  #rest: readonly (string | boolean)[] = [];
  #image: ImageSize | undefined;
  #sample = 0;
  #last: readonly [number, number] | undefined;
  #asked = 0;

  constructor(client: Client) {
    this.#client = client;
    byId('fields').addEventListener('input', () => this.#typed());
    byId('fields').addEventListener('submit', (event) => event.preventDefault());
    byId('clear').addEventListener('click', () => this.#clear());
    byId('invert').addEventListener('click', () => this.#invert());
    byId('next').addEventListener('click', () => this.#takeSample());
    byId<HTMLInputElement>('picture').addEventListener('change', ({ target }) => {
      const input = target as HTMLInputElement;
      const file = input.files?.[0];
      input.value = '';
      if (file !== undefined) void this.#choose(file);
    });
    this.#canvas.addEventListener('pointerdown', (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#stroke(event);
    });
    this.#canvas.addEventListener('pointermove', (event) => event.buttons !== 0 && this.#stroke(event));
    // A touch is cancelled where the system takes it, and the next one begins elsewhere.
    for (const end of ['pointerup', 'pointercancel'] as const)
      this.#canvas.addEventListener(end, () => {
        this.#last = undefined;
        void this.#ask();
      });
  }

  /** @param hasHeldOut whether there are held-out samples */
  show(model: ModelSummary | undefined, hasHeldOut: boolean): void {
    byId('predict').hidden = model === undefined;
    byId('predict-empty').hidden = model !== undefined;
    if (model === undefined) return void this.forget();
    const isSame = this.#image?.width === model.image?.width && sameFields(this.#fields, model.fields);
    this.#image = model.image;
    byId('drawing').hidden = model.image === undefined;
    byId('fields').hidden = model.image !== undefined;
    byId('next').hidden = !hasHeldOut;
    if (!isSame || byId('answer').childElementCount === 0) {
      this.#fields = model.fields;
      byId('truth').textContent = '';
      const others = model.fields.slice(MOST_FIELDS);
      this.#rest = others.map(initialOf);
      const inputs = model.fields.slice(0, MOST_FIELDS).map(inputOf);
      const from = hasHeldOut ? 'the held-out sample' : 'the start';
      const text = `and ${count(others.length, 'more column')}, with the values of ${from}`;
      fill(byId('fields'), others.length === 0 ? inputs : [...inputs, element('p', text, 'hint')]);
      if (model.image !== undefined) {
        [this.#canvas.width, this.#canvas.height] = [model.image.width, model.image.height];
        this.#clear();
      }
      if (hasHeldOut) return void this.#takeSample();
    }
    void this.#ask();
  }

  /** Without an answer, and without one to come. */
  forget(): void {
    this.#asked++;
    byId('answer').replaceChildren();
    byId('truth').textContent = '';
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const shares = await this.#client.call('predict', this.#row());
      if (asked === this.#asked) showShares(shares);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.forget();
      byId('truth').textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #typed(): void {
    byId('truth').textContent = '';
    const form = byId('fields') as HTMLFormElement;
    const wrong = Array.from(form.elements).findIndex((each) => !(each as HTMLInputElement).validity.valid);
    if (wrong < 0) return void this.#ask();
    this.forget();
    const { kind, name } = this.#fields[wrong];
    byId('truth').textContent = `${name}: give a ${kind === 'date' ? 'date' : 'number'}.`;
  }

  #row(): RowToPredict {
    if (this.#image !== undefined) return { kind: 'pixels', pixels: this.#pixels() };
    const form = byId('fields') as HTMLFormElement;
    const shown = Array.from(form.elements, (each, i) => {
      const { checked, value } = each as HTMLInputElement;
      return this.#fields[i].kind === 'boolean' ? checked : value;
    });
    const values = [...shown, ...this.#rest];
    const fields = this.#fields.map(({ kind, name }, i) => {
      if (kind === 'number') return [name, Number(values[i])] as const;
      return [name, kind === 'percent' ? `${values[i]}%` : values[i]] as const;
    });
    return { kind: 'fields', fields };
  }

  async #takeSample(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const sample = await this.#client.call('heldOut', this.#sample++);
      // Other data, or a training, make it a sample of the past.
      if (asked !== this.#asked) return;
      byId('truth').textContent = `Held-out sample ${sample.index + 1}, true class: ${sample.label}.`;
      if (this.#image !== undefined) drawGrey(this.#canvas, sample.values);
      else this.#fill(sample);
      await this.#ask();
    } catch (error) {
      if (asked === this.#asked) fail(error);
    }
  }

  #fill({ values }: HeldOutSample): void {
    const form = byId('fields') as HTMLFormElement;
    const all = this.#fields.map((field) => valueIn(field, values));
    Array.from(form.elements).forEach((each, i) => {
      const [input, value] = [each as HTMLInputElement, all[i]];
      if (typeof value === 'boolean') input.checked = value;
      else input.value = value;
    });
    this.#rest = all.slice(MOST_FIELDS);
  }

  #pixels(): Float32Array {
    const { width, height } = this.#canvas;
    const data = this.#canvas.getContext('2d', { willReadFrequently: true })?.getImageData(0, 0, width, height).data;
    const grey = (i: number) => 0.299 * (data?.[i] ?? 0) + 0.587 * (data?.[i + 1] ?? 0) + 0.114 * (data?.[i + 2] ?? 0);
    return Float32Array.from({ length: width * height }, (_, i) => grey(4 * i) / 255);
  }

  #clear(): void {
    this.#asked++;
    drawGrey(this.#canvas, new Float32Array(this.#canvas.width * this.#canvas.height));
    byId('truth').textContent = '';
    byId('answer').replaceChildren();
  }

  #invert(): void {
    drawGrey(
      this.#canvas,
      this.#pixels().map((value) => 1 - value),
    );
    void this.#ask();
  }

  #stroke({ clientX, clientY }: PointerEvent): void {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / width;
    const at = [(clientX - left) * scale, (clientY - top) * scale] as const;
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    context.strokeStyle = '#fff';
    context.lineCap = 'round';
    context.lineWidth = Math.max(1, 2 * BRUSH * this.#canvas.width * 0.7);
    context.beginPath();
    const [x, y] = this.#last ?? at;
    context.moveTo(x, y);
    context.lineTo(at[0], at[1] + 0.01);
    context.stroke();
    this.#last = at;
    byId('truth').textContent = '';
  }

  /** Loads an image file, scaled to fit and converted to grey. */
  async #choose(file: File): Promise<void> {
    calm();
    try {
      const picture = await createImageBitmap(file).catch(() => {
        throw new Error(`${file.name}: the file must be an image that this browser can open, such as PNG or JPEG.`);
      });
      const context = this.#canvas.getContext('2d');
      const { width, height } = this.#canvas;
      const scale = Math.min(width / picture.width, height / picture.height);
      this.#clear();
      const [w, h] = [picture.width * scale, picture.height * scale];
      context?.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
      drawGrey(this.#canvas, this.#pixels());
      await this.#ask();
    } catch (error) {
      fail(error);
    }
  }
}

function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What stands in a field at the start. */
function initialOf(field: Field): string | boolean {
  switch (field.kind) {
    case 'category':
      return field.categories[0];
    case 'boolean':
      return false;
    case 'date':
      return dateOf(field.origin, field.hasTime);
    default:
      return numberOf(field.value);
  }
}

/** What stands in a field for the features of a sample. */
function valueIn(field: Field, values: ArrayLike<number>): string | boolean {
  const { at } = field;
  switch (field.kind) {
    case 'category': {
      const hot = field.categories.findIndex((_, k) => values[at + k] === 1);
      return field.categories[Math.max(hot, 0)];
    }
    case 'boolean':
      return values[at] === 1;
    case 'date':
      // The second feature is the number of days since the origin.
      return dateOf(field.origin + Math.round(values[at + 1] * 86400e3), field.hasTime);
    default:
      return numberOf(values[at] * (field.kind === 'percent' ? 100 : 1));
  }
}

function dateOf(milliseconds: number, hasTime: boolean): string {
  return new Date(milliseconds).toISOString().slice(0, hasTime ? 16 : 10);
}

function numberOf(value: number): string {
  return String(Number(value.toPrecision(7)));
}

function inputOf(field: Field, index: number): HTMLElement {
  const place = document.createElement('div');
  const label = document.createElement('label');
  label.textContent = field.kind === 'percent' ? `${field.name} (%)` : field.name;
  label.htmlFor = `field-${index}`;
  const control = document.createElement(field.kind === 'category' ? 'select' : 'input');
  control.id = label.htmlFor;
  if (field.kind === 'category') {
    fill(
      control,
      field.categories.map((category) => new Option(category, category)),
    );
  } else {
    const input = control as HTMLInputElement;
    if (field.kind === 'boolean') input.type = 'checkbox';
    else if (field.kind === 'date') {
      input.type = field.hasTime ? 'datetime-local' : 'date';
      input.required = true;
      input.value = String(initialOf(field));
    } else {
      input.type = 'number';
      input.step = 'any';
      input.required = true;
      input.value = String(initialOf(field));
    }
  }
  // A date needs a whole line: in half of one, its calendar would be cut off.
  place.className = field.kind === 'boolean' ? 'check' : field.kind === 'date' ? 'field full' : 'field';
  fill(place, field.kind === 'boolean' ? [control, label] : [label, control]);
  return place;
}
