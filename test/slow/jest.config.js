// npm run test:slow: what needs a browser, a bundler, other processes or whole fits on several backends.
const fast = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...fast,
  rootDir: '../..',
  roots: ['<rootDir>/test/slow'],
  testPathIgnorePatterns: [],
};
