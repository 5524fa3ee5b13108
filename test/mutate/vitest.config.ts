/**
 * The unit tier with some files replaced: MATCHDAY_REPLACED holds the path of a JSON file with their texts. No file of the working tree is touched. The
 * file `seen` is written when one of them is loaded: a mutant that no test loads is reported as `no-test`. With MATCHDAY_SWITCHES the texts
 * hold all mutants, and the runner tries them (switch-runner.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { QuickFirst } from './quick-first.ts'

export type Replaced = { readonly files: Readonly<Record<string, string>>; readonly seen: string }

const order = process.env.MATCHDAY_REPLACED
const replaced = order === undefined ? undefined : (JSON.parse(readFileSync(order, 'utf8')) as Replaced)

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      load(id) {
        const text = replaced?.files[relative('.', id.split('?')[0] ?? '')]
        if (replaced === undefined || text === undefined) return undefined
        writeFileSync(replaced.seen, '')
        return text
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/**/*.{browser,process,lab,long,alone,crash,canary,nodes,prometheus,rollouts,session,real}.test.ts',
      'node_modules/**',
    ],
    setupFiles: ['test/support/seed.ts', 'test/mutate/no-shrinking.ts'],
    // A test that is repeated for many mutants, on a machine that is busy. Each attempt has a limit of its own (trying.ts).
    testTimeout: 86_400_000,
    // A mutant must never write what is expected.
    update: 'none',
    expect: { poll: { timeout: 10_000, interval: 50 } },
    // Modules are loaded once for each worker and not for each file: half the time.
    isolate: false,
    // An attempt that is given up may fail later.
    dangerouslyIgnoreUnhandledErrors: true,
    sequence: { sequencer: QuickFirst },
    ...(process.env.MATCHDAY_SWITCHES === undefined ? {} : { runner: './test/mutate/switch-runner.ts' }),
  },
})
