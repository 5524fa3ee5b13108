/** The migration of a release as the adapter performs it: its Job first, then the pods; the Job is deleted, also that of a dead run. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { podTemplate } from '../../../src/adapters/kubernetes/actions/release.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { changeOf } from '../../../src/domain/action.ts'
import type { ChangeOn } from '../../../src/domain/change.ts'
import type { ActionStepData } from '../../../src/domain/evidence.ts'
import type { Target } from '../../../src/domain/rehearsal.ts'
import type { PlannedAction } from '../../../src/domain/timeline.ts'
import { millis, seconds } from '../../../src/domain/units.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { migratingAct, migratingTarget } from '../../support/evidence-migration.ts'
import { type Answers, smallApiServer, standing } from '../../support/small-api-server.ts'

const JOBS = '/apis/batch/v1/namespaces/casino/jobs'
const JOB = `${JOBS}/orders-schema`
const DEPLOYMENT = '/apis/apps/v1/namespaces/casino/deployments/gateway'
const target: Target = migratingTarget
const act = migratingAct({ migration: { run: 'orders-schema', withinMs: seconds(1), waitsMs: seconds(1) } })

type Stored = { metadata: { uid?: string; labels?: object }; status?: object }

/** `ends`: the condition that the Job gets when it is read for the second time. */
function cluster(ends?: object) {
  const status = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
  const template = {
    metadata: { labels: { app: 'gateway' } },
    spec: { containers: [{ name: 'app', image: 'gateway:1' }] },
  }
  const selector = { matchLabels: { app: 'gateway' } }
  const objects: Record<string, unknown> = {
    [DEPLOYMENT]: { metadata: { name: 'gateway', generation: 1 }, spec: { replicas: 2, selector, template }, status },
    '/api/v1/namespaces/casino/pods': { items: [] },
    '/api/v1/nodes': { items: [] },
  }
  const base = standing(objects)
  const seen: string[] = []
  let reads = 0
  const answers: Answers = (request) => {
    const { method, path, body } = request
    if (method !== 'GET' && path.includes('/jobs')) seen.push(`${method} ${path}`)
    if (method === 'PATCH') seen.push(`PATCH ${path}`)
    if (method === 'POST' && path === JOBS) {
      const job = body as Stored
      objects[JOB] = { ...job, metadata: { ...job.metadata, uid: 'job-1' } }
      return objects[JOB]
    }
    if (method === 'DELETE' && path === JOB) {
      const job = objects[JOB]
      delete objects[JOB]
      return job
    }
    if (method === 'GET' && path === JOB && ends !== undefined && objects[JOB] !== undefined) {
      reads += 1
      if (reads > 1)
        objects[JOB] = { ...(objects[JOB] as Stored), status: { conditions: [{ status: 'True', ...ends }] } }
    }
    return base(request)
  }
  return { objects, seen, answers }
}

async function prepared(ends?: object) {
  const { objects, seen, answers } = cluster(ends)
  const actions = kubernetesActions(await smallApiServer(answers), systemClock)
  const planned = { ...actionOf('gateway 2', act), atMs: millis(0) } as unknown as PlannedAction
  const action = await actions.prepare('run-1', target, planned, ['Deployment/casino/gateway'])
  const steps: ActionStepData[] = []
  const gate = { preview: async () => 'promote' as const, step: async () => 'promote' as const }
  const perform = () => action.perform((step) => steps.push(step), new AbortController().signal, gate)
  return { actions, objects, seen, steps, undos: action.undos, perform }
}

describe('the migration of a release', () => {
  it('is complete before the pods are replaced, and its Job is deleted', async () => {
    const { actions, objects, seen, steps, undos, perform } = await prepared({ type: 'Complete' })
    await perform()
    expect(seen).toEqual([`POST ${JOBS}`, `PATCH ${DEPLOYMENT}`])
    expect(steps.map(({ is }) => is)).toEqual(['begun', 'migration-begun', 'migration-done', 'done'])
    expect(undos.map(({ does }) => does)).toEqual(['restore-template', 'delete-copy'])
    expect(objects[JOB]).toMatchObject({
      metadata: { labels: { 'matchday.dev/run': 'run-1' } },
      spec: { backoffLimit: 0 },
    })
    for (const undo of undos) expect(await actions.undo(undo, seconds(5))).toBe('undone')
    expect(objects[JOB]).toBeUndefined()
  })

  it.each([
    ['fails', { type: 'Failed', message: 'BackoffLimitExceeded' }, 'BackoffLimitExceeded'],
    ['is not complete in its time', undefined, 'was not complete within 1s'],
  ])('that %s leaves the pods alone', async (_, ends, problem) => {
    const { seen, steps, perform } = await prepared(ends)
    await expect(perform()).rejects.toThrow(problem)
    expect(seen).toEqual([`POST ${JOBS}`])
    expect(steps.map(({ is }) => is)).toEqual(['begun', 'migration-begun'])
  })

  it('of a dead run is found by the label of its Job', async () => {
    const { actions, perform } = await prepared({ type: 'Complete' })
    await perform()
    expect(await actions.leftovers(target)).toContainEqual({
      run: 'run-1',
      undo: expect.objectContaining({ does: 'delete-copy', plural: 'jobs', name: 'orders-schema' }),
    })
    expect(await actions.residue(target)).toContainEqual(
      expect.objectContaining({ what: 'the Job of a migration of run run-1', where: JOB }),
    )
  })

  it('is refused while a Job of its name exists', async () => {
    const { objects, answers } = cluster()
    objects[JOB] = { metadata: { name: 'orders-schema' } }
    const checked = { api: await smallApiServer(answers), action: actionOf('gateway 2', act), target }
    const issue = await podTemplate.problem({ ...checked, change: changeOf(act) as ChangeOn<'pod-template'> })
    expect(issue).toMatchObject({ code: 'object-exists' })
  })

  it('asks for the right to create, read and delete its Job', () => {
    const needs = podTemplate.needs(changeOf(act) as ChangeOn<'pod-template'>, target, ['casino'])
    expect(needs).toContainEqual(
      expect.objectContaining({ group: 'batch', resource: 'jobs', verbs: ['create', 'get', 'delete'] }),
    )
  })
})
