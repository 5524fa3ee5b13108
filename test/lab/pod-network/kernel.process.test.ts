// The pod network with namespaces of the kernel, without a cluster around it: real packets, forty pods. Skipped, with the kernel's reason, where
// this user may not make namespaces.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findTool } from '../../../src/cli/tools.ts'
import { hasOwnProcesses } from '../../../src/lab/machine/state.ts'
import { chooseNetwork } from '../../../src/lab/owner/network-choice.ts'
import {
  API_IP,
  DNS_IP,
  GATEWAY_IP,
  INGRESS_IP,
  POD_RANGE,
  SERVICE_RANGE,
} from '../../../src/lab/topology/addresses.ts'

const APP = fileURLToPath(new URL('./kernel-app.ts', import.meta.url))
const labnet = (await findTool('labnet', new AbortController().signal)).path
const network = await chooseNetwork('auto', labnet)
const refusal = network.kind === 'preload' ? network.why : undefined

describe.skipIf(refusal !== undefined)(`the kernel’s pod network${refusal ? ` (${refusal})` : ''}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'md-'))
  let told = new Map<string, unknown>()

  beforeAll(async () => {
    const plan = {
      listen: ['127.0.0.1:0'],
      addresses: [GATEWAY_IP, INGRESS_IP, DNS_IP, API_IP],
      routes: [POD_RANGE, SERVICE_RANGE],
      caller: GATEWAY_IP,
      ownProcesses: hasOwnProcesses(network),
    }
    const words = ['lab', JSON.stringify(plan), '--', process.execPath, APP, labnet, root]
    const env = { ...process.env, MATCHDAY_REAL_ADDRESSES: '1' }
    const { stdout } = await promisify(execFile)(labnet, words, { env })
    told = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const samePair = (name: string) => {
    const [seen, wanted] = told.get(name) as [string, string]
    expect(seen).toBe(wanted)
  }

  it('tells the other pods of a pod before it starts', () => {
    expect(told.get('known when it starts')).toBe(true)
  })

  it('takes the rules of forty pods and eight policies, and has no complaint', () => {
    expect(told.get('milliseconds for all pods')).toBeGreaterThan(0)
    expect(told.get('log')).toBeUndefined()
    expect(told.get('the same again')).toBe(true)
  })

  it('lets through what a policy allows, with the caller’s own address, and nothing else', () => {
    samePair('allowed')
    expect(told.get('denied')).toBe('no answer')
  })

  it('leads to Services, and refuses ports that they do not have', () => {
    samePair('by Service')
    expect(told.get('wrong port of the Service')).toBe('ECONNREFUSED')
    expect(told.get('nobody')).toBe('no answer')
  })

  it('cuts a pod off when the partition counts as injected, and heals it', () => {
    expect(told.get('injected')).toBe('acknowledged')
    expect(told.get('cut off')).toBe('no answer')
    samePair('healed')
  })

  it('leads localhost of a pod to its native container, for every program', () => {
    expect(told.get('before its relay')).toBe('ECONNREFUSED')
    expect(told.get('native at its pod')).toBe('behind the relay')
    expect(told.get('native at localhost')).toBe('behind the relay')
  })

  it('gives no answer for a pod that was removed', () => {
    expect(told.get('removed')).toBe('no answer')
  })

  it('leaves the machine’s own network as it was', () => {
    expect(execFileSync('cat', ['/proc/net/dev']).toString()).not.toMatch(/pod\d+\.\d+/)
  })
})
