// bench: times works in turn in one run, for medians and their ratios.

/** The result of a work that has its own clock. */
export interface Measured {
  readonly milliseconds: number;
  readonly outcome: number;
}

export interface Work {
  readonly name: string;
  /** Runs the work once. The outcomes of all works of a comparison must agree. */
  run(): Promise<number | Measured>;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds of each round. */
  readonly milliseconds: readonly number[];
  readonly outcome: number;
}

/**
 * Runs each work to warm up, once and again until `warmUp` milliseconds have passed, then `rounds` rounds of all works. Each round begins with the next work: A B C,
 * B C A, … So drift and the after-effects of the previous work affect all works equally.
 */
export async function timeInTurn(works: readonly Work[], rounds: number, warmUp = 0): Promise<Timing[]> {
  const outcomes: number[] = [];
  for (const work of works) {
    const start = performance.now();
    outcomes.push((await timed(work)).outcome);
    while (performance.now() - start < warmUp) await timed(work);
  }
  const times = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < works.length; turn++) {
      const i = (turn + round) % works.length;
      times[i].push((await timed(works[i])).milliseconds);
    }
  }
  return works.map(({ name }, i) => ({ name, milliseconds: times[i], outcome: outcomes[i] }));
}

async function timed(work: Work): Promise<Measured> {
  const start = performance.now();
  const result = await work.run();
  return typeof result === 'number' ? { milliseconds: performance.now() - start, outcome: result } : result;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table, for terminals and for the docs. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
