import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LabOrder } from './test/support/lab-order.ts'

// Three tiers with different promises: `unit` is quick; `process` runs real servers (PostgreSQL, services) side by side; `lab` boots the real
// control plane, of which a machine carries one, so its files run one at a time.
export default defineConfig({
  test: {
    sequence: { sequencer: LabOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{process,lab}.test.ts', 'node_modules/**'],
          // Most files wait for processes and sockets of their own; vitest's own choice, one worker fewer than cores, would leave two
          // cores half idle.
          maxWorkers: Math.max(3, availableParallelism()),
          // Some start processes of their own, and the machine may be busy.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/**/*.process.test.ts'],
          maxWorkers: Math.max(3, availableParallelism()),
          testTimeout: 120_000,
          hookTimeout: 120_000,
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
