/**
 * Runs a k6 script as a rehearsal does, without a cluster: the rehearsal file is parsed, k6 inspects the script, the plan is made, k6 drives the load, and the
 * judge gets what was recorded.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { k6LoadGenerator } from '../../../src/adapters/k6/load-generator.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { readInputFile } from '../../../src/cli/input-file.ts'
import type { InspectedScript, LoadEvent } from '../../../src/controller/ports.ts'
import type { Evidence, LoadFrame } from '../../../src/domain/evidence.ts'
import type { Rehearsal } from '../../../src/domain/rehearsal.ts'
import type { Timeline } from '../../../src/domain/timeline.ts'
import type { Judgment } from '../../../src/domain/verdict.ts'
import { parseRehearsal } from '../../../src/files/rehearsal.ts'
import { judge } from '../../../src/judge/judge.ts'
import { planTimeline } from '../../../src/plan/timeline.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { target } from '../../support/evidence-rehearsal.ts'

export type ScriptRun = {
  readonly judgment: Judgment
  readonly timeline: Timeline
  readonly inspected: InspectedScript
  readonly records: readonly Evidence[]
  readonly last: LoadFrame
  readonly ended: Extract<LoadEvent, { kind: 'ended' }>
}

/** The rest of `spec`: load, slis, slos, timeline if it is not five seconds at 1x. */
export const rehearsalText = (spec: string): string => `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: script}
spec:
  hypothesis: The script runs as it is.
  target: {contexts: [lab]}
  blastRadius: {namespaces: [casino], pods: 1, zones: 0}
${spec.includes('timeline:') ? '' : '  timeline: [{phase: steady, for: 5s, load: 1x}]\n'}${spec}
`

export function rehearsalIn(folder: string, spec: string): Rehearsal {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'script.rehearsal.yaml')
  writeFileSync(file, rehearsalText(spec))
  const parsed = parseRehearsal({ read: readInputFile }, file)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues, undefined, 2))
  return parsed.value
}

export async function generatorIn(folder: string) {
  const { path: binary } = await resolveTool('k6')
  return k6LoadGenerator({ binary, clock: systemClock, cacheFolder: join(folder, 'bundles') })
}

const shapeOf = ({ arrivals, sockets, own, env }: Rehearsal['load']) => ({
  profiles: Object.keys(arrivals),
  sockets: sockets !== undefined,
  ...(own ? { own } : {}),
  ...(env ? { env } : {}),
})

export async function runScript(folder: string, spec: string, entry: string): Promise<ScriptRun> {
  const rehearsal = rehearsalIn(folder, spec)
  const generator = await generatorIn(folder)
  const inspected = await generator.inspect(rehearsal.load.script, shapeOf(rehearsal.load))
  if (inspected.issues.length > 0) throw new Error(JSON.stringify(inspected.issues, undefined, 2))
  const here = { ...target, entry, loadFactor: 1 }
  const planned = planTimeline(rehearsal, here, { run: 'script-1', seed: 7 }, inspected.facts)
  if (!planned.ok) throw new Error(JSON.stringify(planned.issues, undefined, 2))
  const timeline = planned.value
  const events: LoadEvent[] = []
  const startedAt = systemClock.now()
  const load = await generator.start(rehearsal.load.script, timeline.load, folder, (event) => events.push(event))
  await load.ended
  const records = recordsOf(rehearsal, here, timeline, startedAt, load, events)
  const ended = events.at(-1)
  const last = records.findLast((record) => record.kind === 'load-frame')
  if (ended?.kind !== 'ended' || last === undefined) throw new Error('the load gave no frames and no end')
  return { judgment: judge(records), timeline, inspected, records, last, ended }
}

function recordsOf(
  rehearsal: Rehearsal,
  here: typeof target,
  timeline: Timeline,
  at: Evidence['at'],
  load: { readonly instance: string; readonly pid: number; readonly zeroAt: Evidence['at'] },
  events: readonly LoadEvent[],
): readonly Evidence[] {
  const environment = {
    matchday: 'test',
    node: process.version,
    k6: 'v2',
    kubernetes: 'none',
    clusterUid: 'none',
    // A busy machine is no finding here.
    cores: 1000,
    seed: 7,
    command: 'test',
  }
  const now = systemClock.now()
  return [
    { kind: 'run-started', at, run: timeline.run, rehearsal, target: here, timeline, environment },
    { kind: 'residue', at, when: 'before', items: [] },
    { kind: 'load-started', at: load.zeroAt, zeroAt: load.zeroAt, instance: load.instance, pid: load.pid },
    ...events.map((event) => recordOf(event, now)),
    { kind: 'residue', at: now, when: 'after', items: [] },
    { kind: 'run-ended', at: now, healed: true },
  ]
}

function recordOf(event: LoadEvent, now: Evidence['at']): Evidence {
  switch (event.kind) {
    case 'frame':
      return { kind: 'load-frame', ...event.frame }
    case 'health':
      return { kind: 'generator-health', ...event.health }
    case 'receipts':
      return { kind: 'receipts-told', at: now, ...event.receipts }
    case 'ended': {
      const { outcome, exitCode, problems, thresholds } = event
      const told = thresholds === undefined ? {} : { thresholds }
      return { kind: 'load-ended', at: now, instance: 'k6', outcome, exitCode, problems, ...told }
    }
  }
}

/** Causes of all findings, but those of a machine that other tests keep busy. */
export const causesOf = ({ findings }: Judgment): readonly string[] =>
  findings.map(({ cause }) => cause).filter((cause) => cause !== 'generator-starved')
