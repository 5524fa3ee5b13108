/** The digest by which a service tells the settings that it serves with. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { watchFeatures } from '../../src/platform/services/gateway/features.ts'
import { type ConfigReader, readConfig, readServerConfig } from '../../src/platform/shared/config.ts'
import { createService, type Service } from '../../src/platform/shared/service.ts'
import { tempFolder } from '../support/temp-folder.ts'

const shape = (read: ConfigReader) => {
  read.integer('LIMIT', { min: 1, max: 100, fallback: 10 })
  read.secrets('KEYS')
  read.url('DATABASE_URL')
  return read.digest()
}
const environment = { KEYS: 'x'.repeat(16), DATABASE_URL: 'postgres://me:secret@db/a' }
const digest = (changes: Record<string, string> = {}): string => {
  const read = readConfig({ ...environment, ...changes }, shape)
  return read.ok ? read.value : read.problems.join('; ')
}

describe('the digest of settings', () => {
  it('is the same for a default that is written out', () => {
    expect(digest()).toMatch(/^[0-9a-f]{64}$/)
    expect(digest({ LIMIT: '10' })).toBe(digest())
  })

  it('changes with a setting', () => {
    expect(digest({ LIMIT: '11' })).not.toBe(digest())
  })

  it.each([
    ['a secret', { KEYS: 'y'.repeat(16) }],
    ['a URL with a password', { DATABASE_URL: 'postgres://me:other@db/a' }],
  ])('says nothing about %s', (_, changes) => {
    expect(digest(changes)).toBe(digest())
  })
})

describe('a service with flags', () => {
  let service: Service
  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
    await service.app.close()
  })

  async function serving(rereads: boolean) {
    const config = readConfig({ HOST: '127.0.0.1', PORT: '1' }, readServerConfig)
    if (!config.ok) throw new Error(config.problems.join('; '))
    service = createService('test', config.value)
    const folder = mkdtempSync(join(tempFolder(), 'flags-'))
    writeFileSync(join(folder, 'bets'), 'on')
    await watchFeatures({ ...service, onStop: (stop) => void stops.push(stop) }, { folder, rereads })
    const told = async () => {
      const text = await service.metrics.registry.metrics()
      return [...text.matchAll(/^config_info\{digest="([0-9a-f]{64})"\} 1$/gm)].map(([, value]) => value)
    }
    return { told, switchOff: () => writeFileSync(join(folder, 'bets'), 'off') }
  }

  it('tells one other digest when it has read a flag again', async () => {
    const { told, switchOff } = await serving(true)
    const before = await told()
    expect(before).toHaveLength(1)
    switchOff()
    await expect.poll(told, { timeout: 20_000 }).not.toEqual(before)
    expect(await told()).toHaveLength(1)
  })

  it('tells the same as before while it does not read them again', async () => {
    const { told, switchOff } = await serving(false)
    const before = await told()
    switchOff()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(await told()).toEqual(before)
  })
})
