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

/** The language of a tag such as zh-CN; undefined if the chapter does not have it. */
export function languageOf(tag: string): Language | undefined {
  const [code] = tag.toLowerCase().split('-');
  return Object.hasOwn(LANGUAGES, code) ? (code as Language) : undefined;
}

/** The language that a query asks for, once. */
export function linkedLanguage(query: string): Language | undefined {
  const tags = new URLSearchParams(query).getAll('lang');
  return tags.length === 1 ? languageOf(tags[0]) : undefined;
}

/** The language of the query, else the first of the browser's that there is, else English. */
export function chooseLanguage(query: string, preferred: readonly string[]): Language {
  return linkedLanguage(query) ?? preferred.map(languageOf).find((language) => language !== undefined) ?? 'en';
}

export function translator(language: Language): Translate {
  document.documentElement.lang = CODES[language];
  return (key, values = {}) => TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
