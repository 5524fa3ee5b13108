/** The pure part of `matchday init`: whatever a cluster has, `plan` accepts the files at once. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundle } from '../../../src/adapters/k6/bundle.ts'
import { K6_LIBRARY } from '../../../src/adapters/k6/bundle-config.ts'
import type { FoundWorkload, Survey } from '../../../src/adapters/kubernetes/survey.ts'
import { type FirstFiles, firstFiles } from '../../../src/cli/init/files.ts'
import { formatIssue } from '../../../src/domain/issue.ts'
import { parseRehearsal } from '../../../src/files/rehearsal.ts'
import { parseTarget, targetPath } from '../../../src/files/target.ts'
import { planTimeline } from '../../../src/plan/timeline.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const web: FoundWorkload = {
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  replicas: 3,
  selector: { app: 'web' },
  labels: { app: 'web', tier: 'front' },
}
const shop: Survey = {
  context: 'staging',
  namespace: 'shop',
  others: [],
  clusterUid: '2f3b0f6e-5f0a-4c53-9f57-0c3b6a1d8d2e',
  workloads: [web, { ...web, name: 'stock', replicas: 5, selector: { app: 'stock' }, labels: { app: 'stock' } }],
  services: [{ name: 'web', selector: { app: 'web' } }],
  routes: [
    {
      kind: 'Ingress',
      name: 'web',
      className: 'nginx',
      host: 'shop.example.com',
      tls: true,
      path: '/',
      service: 'web',
    },
    {
      kind: 'Ingress',
      name: 'web',
      className: 'nginx',
      host: 'shop.example.com',
      tls: true,
      path: '/api/cart',
      service: 'web',
    },
  ],
  autoscalers: [],
  budgets: [],
  scaledObjects: [],
  prometheus: [],
  hasChaosMesh: true,
  unread: [],
}
const autoscaler = {
  resource: 'HorizontalPodAutoscaler',
  ...{ namespace: 'shop', name: 'web', uid: 'u', of: 'web', ofKind: 'Deployment', min: 3, max: 9 },
  ...{ current: 3, desired: 3, metrics: [], conditions: [] },
} as const
const budget = (wantedHealthy: number) =>
  ({
    resource: 'PodDisruptionBudget',
    ...{ namespace: 'shop', name: 'web', uid: 'u', healthy: 3, expected: 3, allowed: 1, selector: { app: 'web' } },
    wantedHealthy,
  }) as const

const made = (changes: Partial<Survey> = {}, folder = '.', labEntry?: string): FirstFiles => {
  const setting = { folder, packageName: '@me/matchday', ...(labEntry === undefined ? {} : { labEntry }) }
  const first = firstFiles({ ...shop, ...changes }, setting)
  if (first === undefined) throw new Error('nothing was made')
  return first
}
const textOf = ({ files }: FirstFiles, end: string): string => files.find(({ path }) => path.endsWith(end))?.text ?? ''

/** What `plan` says of the files, warnings included. */
function issuesOf({ files, rehearsal }: FirstFiles, context: string): readonly string[] {
  const read = { read: (path: string) => files.find((each) => each.path === path)?.text }
  const target = parseTarget(read, targetPath(rehearsal, context))
  const parsed = parseRehearsal(read, rehearsal, target.ok ? target.value : undefined)
  if (!target.ok || !parsed.ok)
    return [target, parsed].flatMap((each) => (each.ok ? [] : [...each.issues])).map(formatIssue)
  const planned = planTimeline(parsed.value, target.value, { run: 'plan', seed: 1 })
  return [...(parsed.warnings ?? []), ...(planned.ok ? [] : planned.issues)].map(formatIssue)
}

describe('the files that init writes', () => {
  it.each<[string, Partial<Survey>]>([
    ['a usual namespace', {}],
    ['an autoscaler and a budget that holds', { autoscalers: [autoscaler], budgets: [budget(2)] }],
    ['a budget that one killed pod violates', { budgets: [budget(3)] }],
    ['no Chaos Mesh', { hasChaosMesh: false, autoscalers: [autoscaler] }],
    ['no route', { routes: [] }],
    ['a context of EKS', { context: 'arn:aws:eks:eu-west-1:123456789012:cluster/staging' }],
    ['a context that is a word of YAML', { context: 'yes' }],
    [
      'one pod, without the usual labels',
      { workloads: [{ ...web, replicas: 1, labels: { x: 'y' }, selector: { x: 'y' } }] },
    ],
    [
      'no permission but for workloads',
      {
        services: [],
        routes: [],
        unread: ['services', 'ingresses', 'poddisruptionbudgets', 'horizontalpodautoscalers'].map((what) => ({
          what,
          namespace: 'shop',
        })),
      },
    ],
  ])('of %s are accepted by plan', (_, changes) => {
    const first = made(changes)
    expect(issuesOf(first, changes.context ?? 'staging')).toEqual([])
    expect(first.decisions.length).toBeGreaterThan(3)
  })

  it('cover the workload behind a route, by its host and paths', () => {
    const first = made()
    expect(first.files.map(({ path }) => path)).toEqual([
      'scenarios/targets/staging.yaml',
      'scenarios/web-pod-kill.rehearsal.yaml',
      'scenarios/web.ts',
      'chaos/web-pod-kill.yaml',
    ])
    expect(textOf(first, 'staging.yaml')).toContain('entry: https://shop.example.com ')
    expect(textOf(first, 'web.ts')).toContain("export const getApiCart = measure('get-api-cart'")
    expect(textOf(first, 'rehearsal.yaml')).toContain('witness: {ready: pods, app: web, becomes: 2, within: 10s}')
  })

  it('cover the workload that answers at /, not the path with most pods', () => {
    const socket = { ...web, name: 'socket', replicas: 9, labels: { app: 'socket' }, selector: { app: 'socket' } }
    const first = made({
      workloads: [socket, ...shop.workloads],
      services: [...shop.services, { name: 'socket', selector: { app: 'socket' } }],
      routes: [...shop.routes.map((each) => ({ ...each, path: '/ws', service: 'socket' })), ...shop.routes],
    })
    expect(first.rehearsal).toBe('scenarios/web-pod-kill.rehearsal.yaml')
  })

  it('expect only of a budget what still holds after one killed pod', () => {
    expect(textOf(made({ budgets: [budget(2)] }), 'rehearsal.yaml')).toContain(
      '- disruption: {budget: web, held: true}',
    )
    const broken = textOf(made({ budgets: [budget(3)] }), 'rehearsal.yaml')
    expect(broken).not.toContain('held: true')
    expect(broken).toContain('budget web wants 3 of 3 pods')
  })

  it('have the fault commented out if nothing can inject it', () => {
    const first = made({ hasChaosMesh: false, autoscalers: [autoscaler] })
    const text = textOf(first, 'rehearsal.yaml')
    expect(text).toContain('# DECIDE: Chaos Mesh is not installed')
    const uncommented = text.replaceAll(
      /^( *)#(?=faults:| *- name| *[a-z]+: |expect:| *expect:| *- (recovers|autoscaler))/gm,
      '$1',
    )
    expect(uncommented).toMatch(/^ {2}faults:\n {4}- name: one pod of web killed\n {6}during: peak$/m)
    const files = first.files.map((each) => (each.text === text ? { ...each, text: uncommented } : each))
    expect(issuesOf({ ...first, files }, 'staging')).toEqual([])
  })

  it('list what was not read', () => {
    const questions = made({ unread: [{ what: 'poddisruptionbudgets', namespace: 'shop' }] }).decisions
    expect(questions.map(({ question }) => question)).toContain(
      'poddisruptionbudgets of shop may not be read with this login; look for yourself.',
    )
  })

  it('recognise the lab', () => {
    const text = textOf(made({ context: 'lab' }, '.', 'http://127.99.0.1:8080'), 'lab.yaml')
    expect(text).toContain('entry: http://127.99.0.1:8080 ')
    expect(text).toContain('hpaSync: 2s')
    expect(text).not.toContain('clusterUid: 2f')
  })

  it('number every marked line', () => {
    const first = made({ autoscalers: [autoscaler] })
    for (const { file, line, question } of first.decisions)
      expect(first.files.find(({ path }) => path === file)?.text.split('\n')[line - 1]).toContain(`DECIDE: ${question}`)
    const marks = first.files.flatMap(({ text }) => text.match(/DECIDE:/g) ?? [])
    expect(first.decisions).toHaveLength(marks.length)
  })

  it('are not written for an empty namespace', () => {
    expect(firstFiles({ ...shop, workloads: [] }, { folder: '.', packageName: 'p' })).toBeUndefined()
  })

  it('have a script that is bundled without installed packages', async () => {
    const folder = tempFolder()
    const setting = { folder: '.', packageName: K6_LIBRARY.replace('/k6', '') }
    const first = firstFiles(shop, setting)
    const script = join(folder, 'web.ts')
    writeFileSync(script, first === undefined ? '' : textOf(first, 'web.ts'))
    expect(await bundle(script, join(folder, 'cache'))).toMatchObject({ ok: true })
    writeFileSync(script, readFileSync(script, 'utf8').replace(K6_LIBRARY, '@matchday-dev/elsewhere'))
    expect(await bundle(script, join(folder, 'cache'))).toMatchObject({ ok: false })
  })

  it('are accepted for any names', () => {
    const dns = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/)
    const label = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/)
    const namespace = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/)
    const context = fc.stringMatching(/^[ -~]{1,40}$/).filter((each) => each.trim() !== '')
    const path = fc.stringMatching(/^\/[ -~]{0,30}$/)
    fc.assert(
      fc.property(dns, label, namespace, context, path, fc.nat(4), (name, value, home, used, at, replicas) => {
        const labels = { app: value }
        const workload = { ...web, name, namespace: home, replicas, labels, selector: labels }
        const routes = shop.routes.map((each) => ({ ...each, path: at }))
        const services = [{ name: 'web', selector: labels }]
        const first = made({ workloads: [workload], namespace: home, context: used, routes, services })
        expect(issuesOf(first, used)).toEqual([])
      }),
    )
  })
})
