import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { findTools, labTools } from '../../src/cli/tools.ts'
import { LAB_TOOLS, type ToolName } from '../../src/toolchain/toolchain.ts'
import { environmentVariable } from '../../src/toolchain/tools.ts'

const { signal } = new AbortController()
const cache = mkdtempSync(join(tmpdir(), 'md-'))
let paths: readonly (readonly [ToolName, string])[] = []

beforeAll(async () => {
  const found = await findTools(LAB_TOOLS, signal)
  paths = LAB_TOOLS.map((name) => [name, found[name].path])
  return () => rmSync(cache, { recursive: true, force: true })
})

afterEach(() => vi.unstubAllEnvs())

/** A machine with the programs of a lab, an empty cache and no Go. */
function onMachineWithoutGo(): void {
  for (const [name, path] of paths) vi.stubEnv(environmentVariable(name), path)
  vi.stubEnv('XDG_CACHE_HOME', cache)
  vi.stubEnv('PATH', '')
}

it('boots a lab without labnet where it cannot be built, if namespaces are not asked for', async () => {
  onMachineWithoutGo()
  expect(await labTools(signal, 'auto')).not.toHaveProperty('labnet')
  await expect(labTools(signal, 'namespaces')).rejects.toMatchObject({ code: 'go-missing' })
})

it('refuses a labnet of the user that does not serve', async () => {
  vi.stubEnv('MATCHDAY_LABNET', '/bin/false')
  await expect(labTools(signal, 'auto')).rejects.toMatchObject({ code: 'tool-unusable' })
})
