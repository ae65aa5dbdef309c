// Tests see a copy of the environment, which TensorFlow does not: what loadNative sets is set here, before any test.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
process.env.TF_NUM_INTEROP_THREADS ??= '1';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^softmax-regression$': '<rootDir>/src/index.ts',
    '^softmax-regression/(.*)$': '<rootDir>/src/$1.ts',
  },
  setupFilesAfterEnv: ['<rootDir>/test/helpers/matchers.ts'],
  testTimeout: 60_000,
};
