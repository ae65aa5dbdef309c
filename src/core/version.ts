// core: which version of this package it is; a test holds it to package.json, which browsers do not see.

export const PACKAGE_VERSION = '0.1.0';
