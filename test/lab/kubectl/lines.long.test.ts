/** kubectl as people type it, line by line, in a namespace of the shared lab. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'
import { FILES, LINES } from './lines.ts'

const NAMESPACE = 'typed'
const LINE_MS = 120_000
const NO_FILES = 'containers of this lab have no file system of their own'

vi.setConfig({ testTimeout: LINE_MS, hookTimeout: LINE_MS })

let bench: SharedBench
let env: NodeJS.ProcessEnv
const folder = mkdtempSync(join(tmpdir(), 'md-'))

beforeAll(async () => {
  bench = await sharedBench()
  const { kubectl, kubeconfig } = bench.state
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  const own = join(folder, 'kubeconfig')
  writeFileSync(own, readFileSync(kubeconfig), { mode: 0o600 })
  const path = [dirname(kubectl), dirname(process.execPath), process.env.PATH].join(':')
  env = { ...process.env, KUBECONFIG: own, PATH: path, TERM: 'dumb' }
  await bench.kubectl('create', 'namespace', NAMESPACE)
  await typed(`kubectl config set-context --current --namespace=${NAMESPACE}`)
})
afterAll(async () => {
  await bench.kubectl('delete', 'namespace', NAMESPACE, '--timeout=90s').catch(() => undefined)
  rmSync(folder, { recursive: true, force: true })
  await bench.leave()
})

type Answer = { readonly out: string; readonly code: number }

function typed(line: string): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', line], { cwd: folder, env, timeout: LINE_MS }, (error, stdout, stderr) =>
      resolve({ out: (stdout + stderr).trim(), code: error === null ? 0 : Number(error.code ?? -1) }),
    )
    child.stdin?.end()
  })
}

describe('kubectl', () => {
  it.for(LINES.map((line, at) => ({ title: `${at + 1}: ${line.types}`, line })))(
    '$title',
    async ({ line }, context) => {
      // The preload shows mounted files to Node only.
      context.skip(line.needsFiles === true && bench.state.network?.kind !== 'namespaces', NO_FILES)
      const { out, code } = await typed(line.types)
      expect({ code, out }).toEqual({ code: line.code ?? 0, out: expect.stringMatching(line.says) })
    },
  )
})
