// report: an HTML template that escapes inserted values.

/** Text that is already HTML: made by `html`, or marked by `trusted`. */
export class Html {
  constructor(readonly text: string) {}
}

/** The values a template accepts. Text and numbers are escaped, HTML is not, and undefined is empty. */
export type Content = Html | string | number | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for an element or a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * HTML with inserted values. A label or a feature name may contain any characters and stays text.
 *
 * @example html`<b>${'a < b'}</b>`.text   // <b>a &lt; b</b>
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, string, i) => text + render(values[i - 1]) + string));
}

/** Marks HTML from elsewhere, such as a serialised drawing. */
export function trusted(text: string): Html {
  return new Html(text);
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(content);
  return content.map(render).join('');
}
