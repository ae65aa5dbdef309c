// core: which release this is, for files that name their producer.

/** That of package.json, which a browser cannot read; a test holds them together. */
export const VERSION = '0.2.0';
