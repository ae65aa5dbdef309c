// report: how to reproduce the numbers.
import { type Content, html } from './html.js';
import type { ReportData, ReportEnvironment } from './input.js';
import { facts, type Section, table } from './section.js';

const NAMES: readonly (readonly [keyof ReportEnvironment, string])[] = [
  ['seed', 'Seed'],
  ['package', 'softmax-regression'],
  ['tfjs', 'TensorFlow.js'],
  ['backend', 'Backend'],
  ['tensorflow', 'Native kernels'],
  ['node', 'Node.js'],
  ['platform', 'Platform'],
  ['cpu', 'CPU'],
];

export function reproduceSection(environment: ReportEnvironment, { checksums = [] }: ReportData): Section {
  const entries = NAMES.flatMap(([key, name]): (readonly [string, Content])[] => {
    const value = environment[key];
    return value === undefined ? [] : [[name, String(value)]];
  });
  const { command } = environment;
  const sums = table({
    caption: 'Checksums of the data',
    columns: [{ head: 'file' }, { head: 'SHA-256' }],
    rows: checksums.map(({ file, sha256 }) => [file, html`<code>${sha256}</code>`]),
  });
  return {
    id: 'reproduce',
    title: 'How to reproduce it',
    short: 'Reproduce',
    lead: 'The same seed, data, backend, CPU model and versions give the same bits.',
    body: html`${command === undefined ? undefined : html`<pre tabindex="0"><code>${command}</code></pre>`}${facts(entries)}${checksums.length === 0 ? undefined : sums}`,
  };
}
