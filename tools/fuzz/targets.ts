// All fuzz targets.
import { checkpoint } from './checkpoint.js';
import { csv } from './csv.js';
import { folder } from './folder.js';
import { idx } from './idx.js';
import { lz4 } from './lz4.js';
import { model } from './model.js';
import { PLANTED } from './planted.js';
import { arrow, jsonLines, parquet, sparse, svmlight } from './tables.js';
import type { Target } from './target.js';
import { vectorizer } from './vectorizer.js';
import { wheel } from './wheel.js';

export const READERS: readonly Target[] = [
  idx,
  folder,
  model,
  checkpoint,
  csv,
  jsonLines,
  svmlight,
  sparse,
  parquet,
  arrow,
  lz4,
  vectorizer,
  wheel,
];
export const TARGETS: readonly Target[] = [...READERS, ...PLANTED];
