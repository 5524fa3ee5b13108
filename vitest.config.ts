import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { findNode } from './src/cli/node.mjs'
import { LabOrder } from './test/support/lab-order.ts'
import { LABS_MAX } from './test/support/lending.ts'
import { PURE } from './test/support/pure.ts'

// Tiers with different promises: `unit` is quick; `process` runs real servers (PostgreSQL, services) side by side; `lab` boots the real control
// plane, two files at a time, each at its own place on the machine. These are what `npm test` runs, in at most 15 minutes. The other tiers are commands
// of their own (CONTRIBUTING.md): `browser` shows pages to a real Chromium, `long` holds files of half a minute and more that are off the main path,
// `alone` judges response times, one file at a time, `crash` kills the controller at every step, and `canary` rehearses seeded defects.
// vitest would give up after a second: too little for another process on a busy machine.
const patient = { poll: { timeout: 10_000, interval: 50 } }

// `npx vitest` and editors start vitest with the user's own Node. vitest forks its workers with process.execPath: this way the tests, and
// what they start, run under the Node that runs matchday, whatever the user's is.
process.execPath = findNode() ?? process.execPath

// Workers inherit it; test/support/seed.ts says what it is for.
process.env.REHEARSAL_SEED ??= String(randomInt(2 ** 31))
const setupFiles = ['test/support/seed.ts']

const notUnit = [
  'test/**/*.{browser,process,lab,long,alone,crash,canary,nodes,prometheus,rollouts,session,real}.test.ts',
  'node_modules/**',
]

export default defineConfig({
  test: {
    sequence: { sequencer: LabOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...notUnit, PURE],
          // Most files wait for processes and sockets of their own; vitest's own choice, one worker fewer than cores, would leave two
          // cores half idle.
          maxWorkers: Math.max(3, availableParallelism()),
          // Some start processes of their own, and the machine may be busy.
          setupFiles,
          testTimeout: 30_000,
          expect: patient,
        },
      },
      // The unit tests of pure rooms, without isolation.
      {
        test: {
          name: 'pure',
          include: [`${PURE}/*.test.ts`],
          exclude: notUnit,
          isolate: false,
          maxWorkers: Math.max(3, availableParallelism()),
          setupFiles,
          testTimeout: 30_000,
          expect: patient,
        },
      },
      // Skipped where the machine has no Chromium; `npm run test:browser`.
      {
        test: {
          name: 'browser',
          include: ['test/**/*.browser.test.ts'],
          maxWorkers: Math.max(3, availableParallelism()),
          setupFiles,
          testTimeout: 30_000,
          expect: patient,
        },
      },
      // No part of `npm test`: Prometheus takes four minutes to build.
      {
        test: {
          name: 'prometheus',
          include: ['test/**/*.prometheus.test.ts'],
          maxWorkers: 1,
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 1_200_000,
          expect: patient,
        },
      },
      // No part of `npm test`: Karpenter takes minutes to build, and removes an empty node only after half a minute.
      {
        test: {
          name: 'nodes',
          include: ['test/**/*.nodes.test.ts'],
          maxWorkers: 1,
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      // No part of `npm test`: the controller of Argo Rollouts takes minutes to build.
      {
        test: {
          name: 'rollouts',
          include: ['test/**/*.rollouts.test.ts'],
          maxWorkers: 1,
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      // No part of `npm test`: each search or comparison takes up to a quarter of an hour, on a machine that does nothing else.
      {
        test: {
          name: 'session',
          include: ['test/**/*.session.test.ts'],
          maxWorkers: 1,
          setupFiles,
          testTimeout: 1_200_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      // No part of `npm test`: it needs root, and builds containerd and a kubelet first.
      {
        test: {
          name: 'real',
          include: ['test/real/*.real.test.ts'],
          maxWorkers: 1,
          setupFiles,
          testTimeout: 120_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/**/*.process.test.ts'],
          maxWorkers: Math.max(3, availableParallelism()),
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/**/*.lab.test.ts'],
          maxWorkers: LABS_MAX,
          sequence: { groupOrder: 1 },
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      // Further than the main path: kubectl and nodes in the lab, KEDA, runners in the cluster, comparisons, restores, images; `npm run test:long`.
      {
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          maxWorkers: LABS_MAX,
          sequence: { groupOrder: 5 },
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'alone',
          include: ['test/**/*.alone.test.ts'],
          maxWorkers: 1,
          // What judges time is tried once more: a neighbour of this machine can take it for seconds. A defect fails twice.
          retry: 1,
          sequence: { groupOrder: 2 },
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['test/**/*.crash.test.ts'],
          maxWorkers: LABS_MAX,
          sequence: { groupOrder: 3 },
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'canary',
          include: ['test/**/*.canary.test.ts'],
          maxWorkers: 1,
          // What judges time is tried once more: a neighbour of this machine can take it for seconds. A defect fails twice.
          retry: 1,
          sequence: { groupOrder: 4 },
          globalSetup: 'test/support/lab-host.ts',
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          expect: patient,
        },
      },
    ],
  },
})
