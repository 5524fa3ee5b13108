import { defineConfig } from 'vitest/config'
import { LabOrder } from './test/support/lab-order.ts'

// Two tiers with different promises: `unit` is pure and quick; `lab` boots the real control plane, so its files run one at a time.
export default defineConfig({
  test: {
    sequence: { sequencer: LabOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.lab.test.ts', 'node_modules/**'],
          // Some start processes of their own, and the machine may be busy.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/**/*.lab.test.ts'],
          fileParallelism: false,
          globalSetup: 'test/support/lab-host.ts',
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
