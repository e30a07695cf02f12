import { availableParallelism } from 'node:os';

/** Tests run as ES modules on a real PostgreSQL: `test/support/global-setup.ts` starts one server for the whole run. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFiles: ['reflect-metadata'],
  // No test asserts how long it takes: this only ends one that hangs, on a machine however slow.
  testTimeout: 180_000,
  // Modules of a finished file stay in memory: a worker that has grown is replaced between two files, which jest does not do with one worker.
  maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
  workerIdleMemoryLimit: '800MB',
};
