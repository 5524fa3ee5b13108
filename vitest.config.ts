import { availableParallelism } from 'node:os'
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
          // Most files wait for processes and sockets of their own; vitest's own choice, one worker fewer than cores, would leave two
          // cores half idle.
          maxWorkers: Math.max(3, availableParallelism()),
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
