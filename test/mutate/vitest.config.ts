/**
 * The unit tier with one file replaced: MATCHDAY_MUTANT holds the path of a JSON file with the file to replace and its text. No file of the working
 * tree is touched. The file `seen` is written when the module is loaded: a mutant that no test loads is reported as `no-test`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { QuickFirst } from './quick-first.ts'

export type Replaced = { readonly file: string; readonly text: string; readonly seen: string }

const order = process.env.MATCHDAY_MUTANT
const replaced = order === undefined ? undefined : (JSON.parse(readFileSync(order, 'utf8')) as Replaced)

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      load(id) {
        if (replaced === undefined || id.split('?')[0] !== resolve(replaced.file)) return undefined
        writeFileSync(replaced.seen, '')
        return replaced.text
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.{process,lab,alone,prometheus,search}.test.ts', 'node_modules/**'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 30_000,
    // Modules are loaded once for each worker and not for each file: half the time.
    isolate: false,
    sequence: { sequencer: QuickFirst },
  },
})
