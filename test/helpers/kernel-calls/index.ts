// Every kernel that tfjs-node registers, called through the public function that runs it.
import { comparisons } from './comparisons.js';
import { composed, constants } from './composed.js';
import { convolutions, normalisation, pooling } from './convolutions.js';
import { arithmetic, elementwise, ranks } from './elementwise.js';
import { images } from './images.js';
import { indexing, reading, sampling } from './indexing.js';
import type { KernelCall } from './make.js';
import { moves } from './moves.js';
import { products } from './products.js';
import { reductions } from './reductions.js';
import { spectra } from './spectra.js';
import { strings } from './strings.js';

/** Kernels whose calls give strings. */
export const stringKernels: ReadonlySet<string> = new Set(['StaticRegexReplace']);

/** Registered kernels that no public function runs, and why. */
export const unreachable: Readonly<Record<string, string>> = {};

export const kernelCalls: readonly KernelCall[] = [
  ...elementwise,
  ...ranks,
  ...arithmetic,
  ...comparisons,
  ...reductions,
  ...products,
  ...convolutions,
  ...pooling,
  ...normalisation,
  ...images,
  ...moves,
  ...indexing,
  ...reading,
  ...sampling,
  ...spectra,
  ...constants,
  ...composed,
  ...strings,
];
