// formats: the packages that read tables. All are optional, and loaded when a table needs them.
import { BackendError } from '../core/errors.js';

/** An optional package, and what it is for. */
export interface OptionalPackage {
  readonly name: string;
  /** The version that the tests use. */
  readonly version: string;
  /** What it reads. */
  readonly reads: string;
}

/** The packages of each format, and those that a file of it may need too. */
export const PACKAGES = {
  parquet: [
    { name: 'hyparquet', version: '1.31.5', reads: 'Parquet' },
    { name: 'hyparquet-compressors', version: '1.1.2', reads: 'Parquet' },
  ],
  arrow: [{ name: '@uwdata/flechette', version: '2.6.0', reads: 'Arrow and Feather' }],
  sql: [{ name: '@duckdb/node-api', version: '1.5.6-r.1', reads: 'SQL' }],
  zstd: [{ name: 'hyparquet-compressors', version: '1.1.2', reads: 'Zstandard' }],
} as const satisfies Readonly<Record<string, readonly OptionalPackage[]>>;

/** The message of what a package threw. Without `instanceof`, which fails across realms. */
export function messageOf(cause: unknown): string {
  const { message } = (cause ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(cause);
}

/** The command that installs packages. */
export function installCommand(packages: readonly OptionalPackage[]): string {
  return `npm install ${packages.map(({ name, version }) => `${name}@${version}`).join(' ')}`;
}

/**
 * Loads optional packages.
 *
 * @param where the file that needs them
 * @throws BackendError with the command that installs them
 */
export async function loadOptional<T>(
  packages: readonly OptionalPackage[],
  where: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = /Cannot find (?:module|package) '([^']+)'/.exec(messageOf(cause))?.[1];
    if (missing === undefined) throw cause;
    const names = packages.map(({ name }) => name).join(' and ');
    const rule = {
      where,
      argument: packages.length > 1 ? `the packages ${names}` : `the package ${names}`,
      expected: `be installed to read ${packages[0].reads}`,
      actual: `no ${missing}`,
    };
    throw new BackendError({ ...rule, hint: `Run: ${installCommand(packages)}`, cause });
  }
}
