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
