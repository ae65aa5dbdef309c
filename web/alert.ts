// web: the alert, which says what went wrong, or what the page cannot do now. The page stays usable.
import { byId } from './views.js';

let isNotice = false;

export function fail(error: unknown): void {
  const alert = byId('error');
  alert.textContent = error instanceof Error ? error.message : String(error);
  alert.hidden = false;
  alert.scrollIntoView({ block: 'nearest' });
  isNotice = false;
}

/** Adds a sentence to the alert that is shown. */
export function failAlso(text: string): void {
  const { hidden, textContent } = byId('error');
  fail(hidden ? text : `${textContent} ${text}`);
}

/** Refuses something until the current work ends. */
export function notYet(text: string): void {
  fail(text);
  isNotice = true;
}

/** Takes the alert back, because its cause is gone. */
export function calm(): void {
  byId('error').hidden = true;
}

/** Takes back what was refused only until now. */
export function workEnded(): void {
  if (isNotice) calm();
}
