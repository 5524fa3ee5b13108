/** A restore as the adapter performs it, against an API server that stores what it gets: steps, labels, both books, and what is left to heal. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { actionNeeds, actionProblems } from '../../../src/adapters/kubernetes/actions/preflight.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { ActionStepData, Undo } from '../../../src/domain/evidence.ts'
import type { Target } from '../../../src/domain/rehearsal.ts'
import type { RestorePlace } from '../../../src/domain/restore.ts'
import type { PlannedAction } from '../../../src/domain/timeline.ts'
import { millis, seconds } from '../../../src/domain/units.ts'
import { actionOf, withActions } from '../../support/evidence-actions.ts'
import { target as shopTarget } from '../../support/evidence-rehearsal.ts'
import { type Answers, refusal, smallApiServer } from '../../support/small-api-server.ts'

const admin = (path: string) => ({ service: 'orders-admin', port: 8080, path })
const place: RestorePlace = {
  book: 'orders',
  backup: admin('/backups'),
  point: admin('/points/<point>'),
  archived: admin('/points/<point>'),
  copy: {
    plural: 'clusters',
    ready: 'Ready',
    failed: { field: 'status.phase', value: 'Failed' },
    object: {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'orders-copy', labels: { app: 'copy' } },
      spec: { recovery: [{ targetName: '<point>' }] },
    },
  },
  read: { service: 'orders-copy', port: 8080 },
}
const target: Target = {
  ...shopTarget,
  namespace: 'shop',
  restores: { orders: place },
  books: [{ book: 'orders', namespace: 'shop', service: 'orders', port: 8080 }],
}
const act = {
  kind: 'restore',
  from: 'orders',
  backup: 'now',
  pointAfterMs: millis(0),
  archivedWithinMs: seconds(5),
  withinMs: seconds(5),
} as const
const planned = { ...actionOf('restore', act), atMs: millis(0) } as unknown as PlannedAction

const COPIES = '/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters'
const COPY = `${COPIES}/orders-copy`
const proxy = (service: string) => `/api/v1/namespaces/shop/services/${service}:8080/proxy`
const UNDO: Undo = {
  does: 'delete-copy',
  apiVersion: 'postgresql.cnpg.io/v1',
  plural: 'clusters',
  namespace: 'shop',
  name: 'orders-copy',
}

type Stored = {
  metadata: { name: string; uid: string; labels?: Record<string, string> }
  spec?: unknown
  status?: unknown
}

/** The archive holds the point from the second question on, and the copy has `status` as soon as it is asked for. */
async function cluster(status: object, standing?: Stored) {
  const asked: string[] = []
  const objects = new Map<string, Stored>(standing === undefined ? [] : [[COPY, standing]])
  let questions = 0
  const cells = Array.from({ length: 5 }, () => ({ count: 2, amountCents: 300, low: 4, high: 5 }))
  const answers: Answers = ({ method, path, body }) => {
    asked.push(`${method} ${path.replace(/md-[a-z0-9]+-run-7/, 'POINT')}`)
    if (path === COPIES && method === 'POST') {
      const { metadata, ...rest } = body as Stored
      objects.set(COPY, { ...rest, metadata: { ...metadata, uid: 'u1' }, status })
      return objects.get(COPY)
    }
    if (path === COPY && method === 'DELETE') {
      const gone = objects.get(COPY)
      objects.delete(COPY)
      return gone
    }
    if (path === COPY) return objects.get(COPY)
    if (path.startsWith(`${proxy('orders-admin')}/points/`) && method === 'GET') {
      questions += 1
      return questions > 1 ? {} : refusal(409)
    }
    if (path.startsWith(proxy('orders-admin'))) return {}
    if (path.endsWith('/books/cut')) return { operations: [{ operation: 'order', cells }] }
    if (path.endsWith('/books')) return { imbalanceCents: 0 }
    return { items: [] }
  }
  const api = await smallApiServer(answers)
  return { actions: kubernetesActions(api, systemClock), api, asked, objects }
}

async function performed(status: object) {
  const { actions, asked, objects } = await cluster(status)
  const prepared = await actions.prepare('run-7', target, planned, ['Copy/orders'])
  expect([prepared.undos, asked]).toEqual([[UNDO], []])
  const steps: ActionStepData[] = []
  const nobodyAsks = () => Promise.reject(new Error('nobody asks'))
  const gate = { preview: nobodyAsks, step: nobodyAsks }
  const outcome = await prepared
    .perform((step) => steps.push(step), new AbortController().signal, gate)
    .then(
      () => 'done',
      ({ message }: Error) => message,
    )
  return { actions, asked, objects, steps, outcome }
}

const READY = { conditions: [{ type: 'Ready', status: 'True' }] }

describe('a restored copy', () => {
  it('is asked for with the name of the point, read beside the live book, and removed', async () => {
    const { actions, asked, objects, steps, outcome } = await performed(READY)
    expect(outcome).toBe('done')
    expect(asked.filter((each) => !each.endsWith(`GET ${COPY}`))).toEqual([
      `POST ${proxy('orders-admin')}/backups`,
      `POST ${proxy('orders-admin')}/points/POINT`,
      `GET ${proxy('orders-admin')}/points/POINT`,
      `GET ${proxy('orders-admin')}/points/POINT`,
      `POST ${COPIES}`,
      `GET ${proxy('orders-copy')}/books`,
      `POST ${proxy('orders-copy')}/books/cut`,
      `POST ${proxy('orders')}/books/cut`,
    ])
    const copy = objects.get(COPY)
    expect(copy?.metadata.labels).toEqual({ app: 'copy', 'matchday.dev/run': 'run-7' })
    expect(copy?.spec).toEqual({ recovery: [{ targetName: expect.stringMatching(/^md-[a-z0-9]+-run-7$/) }] })
    expect(steps.map((step) => (step.is === 'restore-step' ? step.step : step.is))).toEqual([
      'begun',
      'backed-up',
      'point-asked',
      'point-set',
      'archived',
      'copy-asked',
      'copy-ready',
      'copy-read',
      'done',
    ])
    const cells = Array.from({ length: 5 }, () => ({ count: 2, amountCents: 300, digestLow: 4, digestHigh: 5 }))
    expect(steps.at(-2)).toMatchObject({
      book: 'orders',
      imbalanceCents: 0,
      copy: [{ operation: 'order', cells }],
    })
    expect(await actions.leftovers(target)).toEqual([{ undo: UNDO, run: 'run-7' }])
    expect((await actions.residue(target)).map(({ where }) => where)).toEqual([COPY])
    expect(await actions.undo(UNDO, seconds(5))).toBe('undone')
    expect(await actions.undo(UNDO, seconds(5))).toBe('already-gone')
    expect([await actions.leftovers(target), await actions.residue(target)]).toEqual([[], []])
  })

  it('that failed is reported with the termination message of its container', async () => {
    const containerStatuses = [{ state: { terminated: { message: 'no segment 7\n' } } }]
    const { steps, outcome } = await performed({ phase: 'Failed', containerStatuses })
    expect(outcome).toBe('status.phase of the copy is Failed: no segment 7')
    expect(steps.at(-1)).toEqual({ is: 'copy-failed', problem: outcome })
  })

  it('is not deleted if it is an object of the same name that no run created', async () => {
    const { actions, objects } = await cluster(READY, { metadata: { name: 'orders-copy', uid: 'u0' } })
    expect([await actions.leftovers(target), await actions.undo(UNDO, seconds(5))]).toEqual([[], 'already-gone'])
    expect(objects.has(COPY)).toBe(true)
  })
})

describe('preflight of a restore', () => {
  const rehearsal = withActions(actionOf('restore', act))
  const standing = (labels: Record<string, string>): Stored => ({
    metadata: { name: 'orders-copy', uid: 'u0', labels },
  })

  it.each<[string, Stored | undefined, string | undefined]>([
    ['passes if nothing has the name of the copy', undefined, undefined],
    [
      'refuses an object of somebody else',
      standing({}),
      'Give the copy another name in the target file, or delete the object.',
    ],
    [
      'refuses the copy of a dead run',
      standing({ 'matchday.dev/run': 'run-6' }),
      'Run run-6 left it: matchday heal --context shop',
    ],
  ])('%s', async (_, object, next) => {
    const { api } = await cluster(READY, object)
    const issues = await actionProblems(api, rehearsal, { ...target, context: 'shop' })
    expect(issues.map((issue) => [issue.code, issue.next])).toEqual(next === undefined ? [] : [['object-exists', next]])
  })

  it('needs the object of the copy, and the proxy of what it asks', () => {
    const needs = actionNeeds(rehearsal, target)
    expect(needs.map(({ verb, group, resource, subresource = '' }) => [verb, group, resource, subresource])).toEqual([
      ['create', 'postgresql.cnpg.io', 'clusters', ''],
      ['get', 'postgresql.cnpg.io', 'clusters', ''],
      ['delete', 'postgresql.cnpg.io', 'clusters', ''],
      ['get', '', 'services', 'proxy'],
      ['create', '', 'services', 'proxy'],
    ])
  })
})
