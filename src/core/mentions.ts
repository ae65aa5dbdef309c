// core: options as messages name them.

const MENTION = /`([A-Za-z]\w*)(?:: ((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^`"'])*))?`/g;

/**
 * A message in other words. Messages name options in backticks, `l2` or `solver: 'sgd'`, as a program gives them; the command line
 * writes flags in their place, the page the labels of its fields.
 *
 * @param write the words for an option, and its value as written; undefined leaves the mention as it is
 * @example rephrase('Give `l2: 0.1`.', (option, value) => `--${option} ${value}`)   // 'Give --l2 0.1.'
 */
export function rephrase(message: string, write: (option: string, value?: string) => string | undefined): string {
  return message.replace(MENTION, (mention, option: string, value?: string) => write(option, value) ?? mention);
}
