// web: the two languages of the chapter.
import { en } from './text/en.js';
import { zh } from './text/zh.js';

export type Key = keyof typeof en;
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

const TEXTS: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, zh };
const CODES = { en: 'en', zh: 'zh-Hans' } as const;

/** The text of a key, with `{name}` replaced by the value of that name. */
export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** The language of the query, else the first of the browser's that there is, else English. */
export function chooseLanguage(query: string, preferred: readonly string[]): Language {
  const wanted = [new URLSearchParams(query).get('lang') ?? '', ...preferred];
  const found = wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return (found as Language | undefined) ?? 'en';
}

export function translator(language: Language): Translate {
  document.documentElement.lang = CODES[language];
  return (key, values = {}) => TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
