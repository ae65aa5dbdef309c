// formats: makes the binary formats readable. Their code and their packages are loaded when a file needs them.
import { provideFormat } from '../reading/format.js';

/**
 * Lets `readSamples` and `identifyFiles` read Parquet by hyparquet and hyparquet-compressors, and Arrow by
 * `@uwdata/flechette`. These packages must be installed; a bundler puts them into files of their own.
 *
 * @example
 * provideFormats();
 * const { samples } = await readSamples([file], { label: 'kind' });   // a File named pets.parquet
 */
export function provideFormats(): void {
  provideFormat('parquet', async (files, name) => (await import('./parquet.js')).openParquet(files, name));
  provideFormat('arrow', async (files, name) => (await import('./arrow.js')).openArrow(files, name));
}
