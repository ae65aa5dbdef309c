// Tests see a copy of the environment, which TensorFlow does not: what loadNative sets is set here, before any test.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';

const { availableParallelism } = require('node:os');

/** Packages of ES modules only, which jest runs as CommonJS. */
const ES_MODULES = 'fast-png|iobuffer|hyparquet|hyparquet-compressors|hyparquet-writer|hysnappy|fzstd';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/helpers/environment.js',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Those have a configuration of their own.
  testPathIgnorePatterns: ['<rootDir>/test/slow/'],
  transform: {
    // Without types (isolatedModules), which `npm run types` checks once for all.
    '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }],
    [`/node_modules/(${ES_MODULES})/.+\\.js$`]: '<rootDir>/test/helpers/es-module.js',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES})/)`],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // The same releases, bundled as CommonJS: their ES modules are hundreds of files.
    '^@observablehq/plot$': '<rootDir>/node_modules/@observablehq/plot/dist/plot.umd.min.js',
    '^d3@.+$': '<rootDir>/node_modules/d3/dist/d3.min.js',
    '^softmax-regression$': '<rootDir>/src/index.ts',
    '^softmax-regression/(.*)$': '<rootDir>/src/$1.ts',
  },
  // Arguments of each module. Other globals are looked up through the context of the test: in a loop, most of its time.
  sandboxInjectedGlobals: [
    ...['Math', 'Number', 'Object', 'Array', 'Map', 'Set'],
    ...['Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array', 'Uint32Array'],
  ],
  setupFilesAfterEnv: ['<rootDir>/test/helpers/matchers.ts'],
  // No test is about speed: the limit only ends one that hangs, on a machine however slow.
  testTimeout: 600_000,
  // As jest has it, but two on two cores: some tests wait for other programs.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
