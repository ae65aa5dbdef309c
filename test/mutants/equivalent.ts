// Mutants that no test can tell from the package, each with the reason; a run fails if one of them is killed or is no mutant.

export interface Equivalent {
  readonly file: string;
  /** As the run prints it: the line before and after. */
  readonly change: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [];
