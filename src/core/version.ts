// core: the release of the package, for files that name their producer.

/** The version in package.json, which browsers cannot read; a test compares the two. */
export const VERSION = '0.2.0';
