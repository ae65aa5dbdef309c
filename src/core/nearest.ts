// core: suggestions for misspelt names.

/** Longer names get no suggestion: comparing two names takes the product of their lengths. */
const LONGEST = 100;

/** Most pairs of characters compared in one call: about 80,000 candidates of 11 characters. */
const MOST_COMPARED = 10_000_000;

/**
 * The candidate with the smallest edit distance from `name`, ignoring case; undefined if the distance exceeds a third
 * of the length of the candidate, or 1 for a short one. Names of more than 100 characters are not compared.
 *
 * @example nearest('specis', ['species', 'petal_width'])   // 'species'
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    // A name of one letter is near any other.
    if (candidate.length > LONGEST || Math.min(name.length, candidate.length) <= 1) continue;
    // The difference in length is a lower bound of the distance.
    if (Math.abs(candidate.length - name.length) > limit) continue;
    compared += name.length * candidate.length;
    if (compared > MOST_COMPARED) break;
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
