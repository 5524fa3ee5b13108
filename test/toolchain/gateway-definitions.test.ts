import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { gatewayDefinitions } from '../../src/toolchain/gateway-definitions.ts'
import { ToolchainError } from '../../src/toolchain/toolchain-error.ts'
import { requiredVersion } from '../../src/toolchain/tools.ts'
import { tempFolder } from '../support/temp-folder.ts'

const FILE = 'gateway.networking.k8s.io_httproutes.yaml'
const WITHOUT_GO = { PATH: '/nowhere' }

let folder = ''
let goModules = ''
beforeEach(() => {
  folder = tempFolder()
  goModules = join(folder, 'go')
  mkdirSync(join(goModules, 'gateway-api'), { recursive: true })
  const goMod = 'module x\n\ngo 1.26.0\n\nrequire sigs.k8s.io/gateway-api v9.9.9\n'
  writeFileSync(join(goModules, 'gateway-api', 'go.mod'), goMod)
  expect(requiredVersion(goMod, 'sigs.k8s.io/gateway-api')).toBe('9.9.9')
})

const withFile = (name: string): string => {
  const made = join(folder, name)
  mkdirSync(made)
  writeFileSync(join(made, FILE), 'kind: CustomResourceDefinition\n')
  return made
}

describe('the definitions of the Gateway API', () => {
  it('are those that the user names, and a folder without them is refused', async () => {
    const given = withFile('given')
    expect(await gatewayDefinitions({ env: { ...WITHOUT_GO, MATCHDAY_GATEWAY_API: given }, goModules })).toBe(given)
    const wrong = gatewayDefinitions({ env: { ...WITHOUT_GO, MATCHDAY_GATEWAY_API: folder }, goModules })
    await expect(wrong).rejects.toMatchObject({ code: 'tool-unusable', problem: expect.stringContaining(FILE) })
  })

  it('are taken from the cache of the pinned version, also without Go', async () => {
    const cached = withFile('gateway-api-9.9.9')
    expect(await gatewayDefinitions({ env: WITHOUT_GO, goModules, cacheDirectory: folder })).toBe(cached)
  })

  it('cannot be had without Go otherwise, and the error says so', async () => {
    withFile('gateway-api-9.9.8')
    const missing = gatewayDefinitions({ env: WITHOUT_GO, goModules, cacheDirectory: folder })
    await expect(missing).rejects.toBeInstanceOf(ToolchainError)
    await expect(missing).rejects.toMatchObject({ code: 'go-missing' })
  })
})
