// core: suggestions for misspelt names.

/**
 * The candidate with the smallest edit distance from `name`, ignoring case; undefined if the distance exceeds a third
 * of the length of the candidate, or 1 for a short one.
 *
 * @example nearest('specis', ['species', 'petal_width'])   // 'species'
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    // A name of one letter is near any other.
    if (Math.min(name.length, candidate.length) <= 1) continue;
    // The difference in length is a lower bound of the distance. This also keeps long names cheap.
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits <= limit && edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Edit distance from `a` to `b`: insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above[j] + 1, row[j - 1] + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, above] = [above, row];
  }
  return above[b.length];
}
