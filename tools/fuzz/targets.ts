// All fuzz targets.
import { checkpoint } from './checkpoint.js';
import { csv } from './csv.js';
import { folder } from './folder.js';
import { idx } from './idx.js';
import { model } from './model.js';
import { PLANTED } from './planted.js';
import type { Target } from './target.js';
import { wheel } from './wheel.js';

export const READERS: readonly Target[] = [idx, folder, model, checkpoint, csv, wheel];
export const TARGETS: readonly Target[] = [...READERS, ...PLANTED];
