// formats: makes the binary formats readable. Their code and their packages are loaded when a file needs them.
import { provideFormat } from '../reading/format.js';

export function provideFormats(): void {
  provideFormat('parquet', async (files, name) => (await import('./parquet.js')).openParquet(files, name));
  provideFormat('arrow', async (files, name) => (await import('./arrow.js')).openArrow(files, name));
}
