/**
 * The wallet's database loses its primary while deposits are made: the standby takes over, nothing that was acknowledged is lost,
 * the former primary comes back as a standby, and a wish in the role record switches back. Without fencing both write.
 */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KeeperStatus } from '../../src/platform/shared/role-record.ts'
import { type RoleRecord, recordOf } from '../../src/platform/shared/role-record.ts'
import { type TestLab, testLab } from '../support/lab.ts'
import { type Depositor, startDepositor } from './support/depositor.ts'

// From the client's view; the arithmetic is in docs/adr ("The wallet database fails over").
const RTO_MS = 15_000
// Nobody waits for a lease to run out, nor for a pod to come back: less than a caller waits at the door (database-door.ts).
const HANDOVER_MS = 1_500
const PODS = ['wallet-db-0', 'wallet-db-1'] as const
const other = (pod: string): string => (pod === PODS[0] ? PODS[1] : PODS[0])

let lab: TestLab
let depositor: Depositor

beforeAll(async () => {
  lab = await testLab()
  depositor = startDepositor(lab.api, 'failover')
})
afterAll(async () => {
  await depositor?.stop()
  await lab?.down()
})

async function record(): Promise<RoleRecord> {
  const { json } = await lab.api.request({ method: 'GET', path: '/api/v1/namespaces/casino/configmaps/wallet-db-role' })
  const found = recordOf((json as { data?: Record<string, string> }).data)
  if (found === undefined) throw new Error('there is no role record')
  return found
}

async function statusOf(pod: string): Promise<KeeperStatus | undefined> {
  const path = `/api/v1/namespaces/casino/pods/${pod}:8080/proxy/status`
  const answer = await lab.api.request({ method: 'GET', path, timeoutMs: 1_000 }).catch(() => undefined)
  return answer?.status === 200 ? (answer.json as KeeperStatus) : undefined
}

/** A leader that writes, and a standby that holds all it acknowledged. */
async function complete(): Promise<RoleRecord> {
  await expect.poll(async () => (await record()).safe, { timeout: 40_000, interval: 200 }).not.toBe('')
  return record()
}

async function wish(primary: string): Promise<void> {
  await lab.kubectl('-n', 'casino', 'patch', 'configmap', 'wallet-db-role', '-p', JSON.stringify({ data: { primary } }))
}

/** As a drain does it. */
async function evict(pod: string): Promise<void> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: 'casino' } }
  const path = `/api/v1/namespaces/casino/pods/${pod}/eviction`
  expect((await lab.api.request({ method: 'POST', path, body })).status).toBe(201)
}

/** The record says so, and the pod itself. */
async function leads(pod: string): Promise<void> {
  await expect.poll(async () => (await record()).leader, { timeout: 20_000, interval: 100 }).toBe(pod)
  await expect.poll(async () => (await statusOf(pod))?.writable, { timeout: 10_000, interval: 100 }).toBe(true)
}

/** It says so itself, and takes no writes. */
async function follows(pod: string): Promise<void> {
  const standby = { holding: 'standby', writable: false }
  await expect.poll(() => statusOf(pod), { timeout: 10_000, interval: 100 }).toMatchObject(standby)
}

it('the database survives a forced deletion of the primary: the standby takes over, and no acknowledged commit is lost', async () => {
  const before = await complete()
  await depositor.next()
  depositor.longestGapMs()
  await lab.kubectl('-n', 'casino', 'delete', 'pod', before.leader, '--force', '--grace-period=0')
  await leads(other(before.leader))
  await depositor.next()
  const gapMs = depositor.longestGapMs()
  console.log(`RTO after a forced deletion: ${Math.round(gapMs)} ms`)
  expect(gapMs).toBeLessThan(RTO_MS)
  const after = await complete()
  expect(after.safe).toBe(before.leader)
  await follows(before.leader)
  expect(await depositor.lost()).toEqual([])
})

it('the database survives killed processes of the primary', async () => {
  const before = await complete()
  await depositor.next()
  depositor.longestGapMs()
  const uid = await lab.kubectl('-n', 'casino', 'get', 'pod', before.leader, '-o', 'jsonpath={.metadata.uid}')
  killAll(uid)
  await leads(other(before.leader))
  await depositor.next()
  const gapMs = depositor.longestGapMs()
  console.log(`RTO after SIGKILL: ${Math.round(gapMs)} ms`)
  expect(gapMs).toBeLessThan(RTO_MS)
  await complete()
  expect(await depositor.lost()).toEqual([])
})

it('the database fails over when another primary is requested, and back', async () => {
  const before = await complete()
  for (const wanted of [other(before.leader), before.leader]) {
    await depositor.next()
    depositor.longestGapMs()
    await wish(wanted)
    await leads(wanted)
    await depositor.next()
    console.log(`pause of a switchover: ${Math.round(depositor.longestGapMs())} ms`)
    await complete()
  }
  expect(await depositor.lost()).toEqual([])
})

it('an evicted primary hands over before it stops, and returns as the standby', async () => {
  const before = await complete()
  await depositor.next()
  depositor.longestGapMs()
  const failed = depositor.failed()
  await evict(before.leader)
  await leads(other(before.leader))
  await depositor.next()
  const gapMs = depositor.longestGapMs()
  console.log(`pause of an eviction: ${Math.round(gapMs)} ms, ${depositor.failed() - failed} deposits failed`)
  expect(gapMs).toBeLessThan(HANDOVER_MS)
  expect(depositor.failed()).toBe(failed)
  const after = await complete()
  expect(after.safe).toBe(before.leader)
  await follows(before.leader)
  expect(await depositor.lost()).toEqual([])
})

it('the database survives a power loss of the node of the primary', async () => {
  const before = await complete()
  const node = await lab.kubectl('-n', 'casino', 'get', 'pod', before.leader, '-o', 'jsonpath={.spec.nodeName}')
  await depositor.next()
  depositor.longestGapMs()
  await lab.kubectl('annotate', 'node', node, 'matchday.dev/power=off')
  await leads(other(before.leader))
  await depositor.next()
  const gapMs = depositor.longestGapMs()
  console.log(`RTO after a loss of power: ${Math.round(gapMs)} ms`)
  expect(gapMs).toBeLessThan(RTO_MS)
  await lab.kubectl('annotate', 'node', node, 'matchday.dev/power-')
  await complete()
  expect(await depositor.lost()).toEqual([])
})

it('without fencing, the database has two primaries and shows both', async () => {
  await lab.become(['test/canary/defects/promotion-without-fencing'])
  const before = await complete()
  await expect.poll(async () => (await record()).fencing, { timeout: 10_000 }).toBe(false)
  await wish(other(before.leader))
  const states = async () => Promise.all(PODS.map(async (pod) => (await statusOf(pod))?.writable))
  await expect.poll(states, { timeout: 15_000 }).toEqual([true, true])
  const timelines = async () =>
    new Set(await Promise.all(PODS.map(async (pod) => (await statusOf(pod))?.timeline))).size
  await expect.poll(timelines, { timeout: 10_000 }).toBe(2)
  await lab.become([])
  await expect.poll(states, { timeout: 20_000 }).not.toEqual([true, true])
  await complete()
})

/** Every process of the pod's container, as the kernel's out-of-memory killer or a crash of the node would. */
function killAll(uid: string): void {
  const found = execFileSync('sh', ['-c', `grep -lz ${uid} /proc/[0-9]*/environ 2>/dev/null || true`], {
    encoding: 'utf8',
  })
  for (const pid of found.matchAll(/\/proc\/(\d+)\//g)) {
    try {
      process.kill(Number(pid[1]), 'SIGKILL')
    } catch {
      // it went with its parent
    }
  }
}
