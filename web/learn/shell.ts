// web: the frame of every page of the chapter: head, language, guess, code, exercise, and the way on.
import { keepOffline } from '../offline.js';
import { PAGE_NAMES, PAGES, type PageName } from './chapter.js';
import { h } from './dom.js';
import {
  chooseLanguage,
  type Key,
  LANGUAGES,
  type Language,
  linkedLanguage,
  type Translate,
  translator,
} from './language.js';
import { type Fields, noticeOf, readState, SAMPLE, type Values, writeState } from './state.js';
import { View } from './view.js';

/** A link to a function of src/reference, as [file, function]. */
type Source = readonly [file: string, name: string];

export interface Lesson<F extends Fields> {
  readonly name: PageName;
  /** Its own state, beside the picture's. */
  readonly fields: F;
  /** The right one of the three guesses, from 1. */
  readonly right: 1 | 2 | 3;
  /** The heading of docs/mathematics.md, as an anchor. */
  readonly formula: string;
  readonly sources: readonly Source[];
  readonly draw: (view: View<F & typeof SAMPLE>) => Node[];
}

interface Frame {
  readonly t: Translate;
  readonly language: Language;
  /** The query of the picture and the language, for links to other pages. */
  readonly link: (page: string) => string;
}

/** Shows a page of the chapter, with the state of the address. */
export function showLesson<F extends Fields>(lesson: Lesson<F>): void {
  const code = (document.getElementById('code') as HTMLTemplateElement).content.textContent ?? '';
  showPage({ ...lesson.fields, ...SAMPLE }, lesson.name, (view, frame) => {
    const { t } = frame;
    const text = (part: string) => t(`${lesson.name}.${part}` as Key);
    document.title = `${text('title')} · ${t('site')}`;
    return [
      h('h1', {}, h('span', { class: 'number' }, String(PAGES[lesson.name])), text('title')),
      h('p', { class: 'lede' }, text('lede')),
      guess(lesson.right, text, t),
      h(
        'section',
        { class: 'card touch', 'aria-labelledby': 'touch' },
        h('h2', { id: 'touch' }, t('touch')),
        ...lesson.draw(view),
      ),
      h(
        'section',
        { class: 'card prose', 'aria-labelledby': 'see' },
        h('h2', { id: 'see' }, t('see')),
        ...paragraphs(text('see')),
      ),
      exercise(text, t),
      codeSection(code, t),
      sources(lesson, t),
    ];
  });
}

/** Shows the list of the pages. */
export function showIndex(): void {
  showPage(SAMPLE, undefined, (_, { t, link }) => {
    document.title = t('site');
    return [
      h('h1', {}, t('site')),
      h('p', { class: 'lede' }, t('index.lede')),
      h(
        'ol',
        { class: 'contents' },
        ...PAGE_NAMES.map((name) =>
          h(
            'li',
            { class: 'card' },
            h('span', { class: 'number', 'aria-hidden': 'true' }, String(PAGES[name])),
            h('h2', {}, h('a', { href: link(name), 'data-page': name }, t(`${name}.title`))),
            h('p', {}, t(`${name}.lede`)),
          ),
        ),
      ),
    ];
  });
}

function showPage<F extends Fields>(
  fields: F & typeof SAMPLE,
  current: PageName | undefined,
  draw: (view: View<F & typeof SAMPLE>, frame: Frame) => Node[],
): void {
  type All = F & typeof SAMPLE;
  const read = readState(location.search, fields);
  let language = chooseLanguage(location.search, navigator.languages);
  // Without a choice, the address stays as it is, and the reader of a link gets their own language.
  let chosen = linkedLanguage(location.search) !== undefined;

  const render = (values: Values<All>) => {
    const t = translator(language);
    const query = (own: Fields) =>
      [writeState(view.values, own), chosen ? `lang=${language}` : ''].filter((part) => part !== '').join('&');
    const link = (page: string) => withQuery(`${page}.html`, query(SAMPLE));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      for (const a of document.querySelectorAll<HTMLAnchorElement>('a[data-page]')) a.href = link(a.dataset.page ?? '');
      // Browsers limit how often an address may change.
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState(null, '', withQuery(location.pathname, query(fields))), 150);
    };
    const view = new View<All>(t, values, follow);
    const frame = { t, language, link };
    const notice = h('p', { class: 'alert', role: 'alert' }, noticeOf(read.ignored, t));
    const body = [
      h('a', { class: 'skip', href: '#main' }, t('skip')),
      head(frame, current, (next) => {
        language = next;
        chosen = true;
        const restore = placeOfReader();
        render(view.values);
        document.querySelector<HTMLElement>(`[data-language=${next}]`)?.focus({ preventScroll: true });
        restore();
      }),
      h(
        'main',
        { class: 'page lesson', id: 'main', tabindex: -1 },
        ...(read.ignored.length > 0 ? [notice] : []),
        ...draw(view, frame),
      ),
      foot(frame, current),
    ];
    const template = document.getElementById('code') as HTMLElement;
    document.body.replaceChildren(template, ...body);
    follow();
  };
  render(read.values as Values<All>);
  // After the page itself has arrived.
  addEventListener('load', () => void keepOffline());
}

/** Takes what the reader did beside the values: the guess, what is open, and the scrolling. The result does it again. */
function placeOfReader(): () => void {
  const guessed = document.querySelector<HTMLInputElement>('[name=guess]:checked')?.value;
  const details = () => [...document.querySelectorAll('details')];
  const isOpen = details().map(({ open }) => open);
  const { scrollX, scrollY } = window;
  return () => {
    document.querySelector<HTMLInputElement>(`[name=guess][value="${guessed}"]`)?.click();
    details().forEach((each, i) => {
      each.open = isOpen[i];
    });
    scrollTo(scrollX, scrollY);
  };
}

const withQuery = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`);

function head({ t, language, link }: Frame, current: PageName | undefined, choose: (language: Language) => void) {
  const languages = Object.entries(LANGUAGES).map(([code, name]) =>
    h(
      'button',
      {
        type: 'button',
        lang: code,
        'data-language': code,
        'aria-pressed': String(code === language),
        click: () => choose(code as Language),
      },
      name,
    ),
  );
  const pages = PAGE_NAMES.map((name) =>
    h(
      'li',
      {},
      h(
        'a',
        { href: link(name), 'data-page': name, 'aria-current': name === current ? 'page' : false },
        `${PAGES[name]} ${t(`${name}.title`)}`,
      ),
    ),
  );
  return h(
    'header',
    { class: 'page chapter' },
    h('a', { class: 'home', href: link('index'), 'data-page': 'index' }, t('site')),
    h('nav', { 'aria-label': t('pages') }, h('ul', {}, ...pages)),
    h('div', { class: 'languages', role: 'group', 'aria-label': t('language') }, ...languages),
  );
}

function foot({ t, link }: Frame, current: PageName | undefined) {
  const at = current === undefined ? -1 : PAGE_NAMES.indexOf(current);
  const step = (name: PageName | undefined, key: 'next' | 'previous') =>
    name === undefined
      ? []
      : [h('a', { class: key, href: link(name), 'data-page': name }, t(key, { page: t(`${name}.title`) }))];
  return h(
    'footer',
    { class: 'page ways' },
    ...step(PAGE_NAMES[at - 1], 'previous'),
    ...step(PAGE_NAMES[at + 1], 'next'),
    h('a', { href: '../index.html' }, t('training-page')),
  );
}

function guess(right: number, text: (part: string) => string, t: Translate) {
  const verdict = h('p', { class: 'verdict', role: 'status' });
  const choices = [1, 2, 3].map((index) => {
    const answer = () => {
      verdict.className = `verdict ${index === right ? 'right' : 'wrong'}`;
      verdict.textContent = `${t(index === right ? 'guess.right' : 'guess.wrong')} ${text('because')}`;
    };
    const input = h('input', { type: 'radio', name: 'guess', value: index, change: answer });
    return h('label', { class: 'check' }, input, text(`guess${index}`));
  });
  const legend = h('legend', {}, h('strong', {}, t('guess')), ` ${text('guess')}`);
  return h('section', { class: 'card guess' }, h('fieldset', {}, legend, ...choices), verdict);
}

function exercise(text: (part: string) => string, t: Translate) {
  return h(
    'section',
    { class: 'card prose', 'aria-labelledby': 'exercise' },
    h('h2', { id: 'exercise' }, t('exercise')),
    ...paragraphs(text('exercise')),
    h('details', {}, h('summary', {}, t('answer')), ...paragraphs(text('answer'))),
  );
}

function codeSection(code: string, t: Translate) {
  return h(
    'section',
    { class: 'card full', 'aria-labelledby': 'code-title' },
    h('h2', { id: 'code-title' }, t('code')),
    h('p', { class: 'hint' }, t('code.hint')),
    h('pre', { tabindex: 0, role: 'group', 'aria-labelledby': 'code-title', lang: 'en' }, h('code', {}, code)),
  );
}

function sources({ formula, sources: list }: Pick<Lesson<Fields>, 'formula' | 'sources'>, t: Translate) {
  const functions = list.map(([file, name]) =>
    h('li', {}, h('a', { href: `source/reference/${file}.html#${name}` }, `${name} (src/reference/${file}.ts)`)),
  );
  return h(
    'section',
    { class: 'card full', 'aria-labelledby': 'sources' },
    h('h2', { id: 'sources' }, t('sources')),
    h(
      'ul',
      { class: 'sources' },
      h('li', {}, h('a', { href: `source/mathematics.html#${formula}` }, `${t('formula')} (docs/mathematics.md)`)),
      ...functions,
    ),
  );
}

const paragraphs = (text: string): Node[] => text.split('\n').map((line) => h('p', {}, line));
