// web: what the pages draw with: values that change, controls bound to them, and pictures that follow them.
import { h, s } from './dom.js';
import { fixed } from './format.js';
import type { Translate } from './language.js';
import { type Fields, kept, type Values } from './state.js';

export interface Slider {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly get: () => number;
  readonly set: (value: number) => void;
  /** The value as it is shown beside the slider, and read out. */
  readonly show: (value: number) => string;
}

export class View<F extends Fields> {
  private readonly updates: (() => void)[] = [];
  private sliders = 0;

  constructor(
    readonly t: Translate,
    /** The values of the page; `set` changes them. */
    public values: Values<F>,
    private readonly changed: () => void,
  ) {}

  /** Changes values, then everything that follows them. */
  set(changes: Partial<Values<F>>): void {
    const rounded = Object.entries(changes).map(([name, numbers]) => [name, (numbers as number[]).map(kept)]);
    this.values = { ...this.values, ...Object.fromEntries(rounded) };
    for (const update of this.updates) update();
    this.changed();
  }

  /** Changes one number of a field. */
  setAt(name: keyof F, index: number, value: number): void {
    this.set({ [name]: this.values[name].map((old, at) => (at === index ? value : old)) } as unknown as Partial<
      Values<F>
    >);
  }

  /** Runs now and after each change. */
  live(update: () => void): void {
    this.updates.push(update);
    update();
  }

  /** An element whose text follows the values. */
  text<E extends HTMLElement>(element: E, write: () => string): E {
    this.live(() => {
      // Only a text that differs, as screen readers announce each change.
      const text = write();
      if (element.textContent !== text) element.textContent = text;
    });
    return element;
  }

  /** A sentence about the values. */
  result(write: () => string): HTMLElement {
    return this.text(h('p', { class: 'result' }), write);
  }

  /** A result that is read out after each change. */
  status(write: () => string): HTMLElement {
    return this.text(h('p', { class: 'result', role: 'status' }), write);
  }

  /** An element whose children follow the values. It must hold nothing that takes the focus. */
  contents<E extends Element>(element: E, draw: () => Node[]): E {
    this.live(() => element.replaceChildren(...draw()));
    return element;
  }

  /** A picture with a description for those who do not see it. */
  picture(size: { width: number; height: number }, describe: () => string, draw: () => Node[]): SVGSVGElement {
    const drawing = this.contents(s('g'), draw);
    const viewBox = `0 0 ${size.width} ${size.height}`;
    const picture = s('svg', { viewBox, role: 'img', class: 'picture' }, drawing);
    this.live(() => picture.setAttribute('aria-label', describe()));
    return picture;
  }

  /** Pressing on a picture or a part of it, or dragging there, gives points in the units of the picture. */
  drag(part: SVGGraphicsElement, to: (x: number, y: number) => void): void {
    const move = (event: PointerEvent) => {
      const matrix = (part.ownerSVGElement ?? part).getScreenCTM();
      if (matrix === null) return;
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      to(x, y);
    };
    part.classList.add('draggable');
    part.addEventListener('pointerdown', (event) => {
      part.setPointerCapture(event.pointerId);
      move(event);
    });
    part.addEventListener('pointermove', (event) => {
      if (part.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  slider({ label, min, max, step, get, set, show }: Slider): HTMLElement {
    const id = `slider-${this.sliders++}`;
    const input = h('input', { type: 'range', id, min, max, step, input: () => set(Number(input.value)) });
    const output = h('output', { for: id });
    this.live(() => {
      const value = get();
      input.value = String(value);
      output.textContent = show(value);
      input.setAttribute('aria-valuetext', show(value));
    });
    return h('div', { class: 'slider' }, h('label', { for: id }, label), output, input);
  }

  /** A slider for one number of a field. */
  sliderOf(name: keyof F, index: number, rest: Omit<Slider, 'get' | 'set'>): HTMLElement {
    return this.slider({
      ...rest,
      get: () => this.values[name][index],
      set: (value) => this.setAt(name, index, value),
    });
  }

  /** A slider for the logarithm of the only number of a field, which is shown with so many digits. */
  powerSlider(name: keyof F, digits: number, rest: Omit<Slider, 'get' | 'set' | 'show'>): HTMLElement {
    return this.slider({
      ...rest,
      get: () => Math.log10(this.values[name][0]),
      set: (value) => this.setAt(name, 0, 10 ** value),
      show: (value) => fixed(10 ** value, digits),
    });
  }

  /** The only number of a field, a place in the list of options, as radio buttons in a row. */
  choice(name: keyof F & string, label: string, options: readonly string[]): HTMLElement {
    const radios = options.map((option, index) => {
      const input = h('input', { type: 'radio', name, value: index, change: () => this.setAt(name, 0, index) });
      this.live(() => {
        input.checked = index === this.values[name][0];
      });
      return h('label', {}, input, h('span', {}, option));
    });
    const legend = h('legend', {}, label);
    return h('fieldset', { class: 'choice' }, legend, h('div', { class: 'segments' }, ...radios));
  }
}
