import { afterEach, describe, expect, it } from 'vitest'
import { k6Environment } from '../../../src/adapters/k6/inspect.ts'
import { type SecretPlace, secretVariables } from '../../../src/domain/rehearsal.ts'
import { millis } from '../../../src/domain/units.ts'

const NAMES = ['TEST_PROMETHEUS_TOKEN', 'TEST_GRAFANA_TOKEN', 'TEST_OTHER', 'MATCHDAY_SLACK_URL', 'K6_VUS']
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]))

afterEach(() => {
  for (const name of NAMES) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
})

const login = (from: SecretPlace) => ({ kind: 'bearer', from }) as const

describe('the environment of a script', () => {
  it('has no variable in which matchday keeps a login, and the others', () => {
    for (const name of NAMES) process.env[name] = 'hush-hush'
    const withheld = secretVariables({
      prometheus: {
        server: {
          kind: 'url',
          url: 'http://127.0.0.1:1',
          login: login({ kind: 'env', name: 'TEST_PROMETHEUS_TOKEN' }),
        },
        scrapeMs: millis(1000),
        sources: {},
      },
      publish: {
        remoteWrite: { url: 'http://127.0.0.1:2', login: login({ kind: 'file', path: '/run/secrets/write' }) },
        grafana: { url: 'http://127.0.0.1:3', login: login({ kind: 'env', name: 'TEST_GRAFANA_TOKEN' }) },
      },
    })
    const env = k6Environment(withheld)
    expect(NAMES.filter((name) => env[name] !== undefined)).toEqual(['TEST_OTHER'])
  })
})
