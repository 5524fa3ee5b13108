/**
 * What the matrix itself does to the cluster or the machine, for defects that no manifest can hold: an image that changes during the run, a
 * tag that is moved, an API server that stops answering. Each is undone, whatever became of the run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readIndex, writeIndex } from '../../src/lab/images/image-index.ts'
import { labPaths } from '../../src/lab/lab.ts'
import { processFamilies, signalProcess } from '../../src/lab/machine/processes.ts'
import type { Run, TestLab } from '../support/lab.ts'

export type Meanwhile =
  /** Twenty seconds into the load a workload gets another image. */
  | 'image-changed'
  /** Before the run a rollout is begun and paused. */
  | 'rollout-paused'
  /** A workload names its image without a digest, and the name comes to mean another image before the release is rolled back. */
  | 'tag-moved'
  /** A workload names its image without a digest. */
  | 'image-by-name'
  /** A quota leaves no room for another pod. */
  | 'quota'
  /** Twenty seconds into the load the API server stops answering, until the run has ended. */
  | 'api-server-stopped'
  /** From when the release has all requests until 90 s after its rollback was due, no route can be changed. */
  | 'routes-refused'
  /** Some seconds into the load, and before its cutover, the standby region stops following. */
  | 'replication-cut'
  /** A neighbour on the same machine uses 30 % of a core. */
  | 'neighbour'

export type Disturbance = {
  /** Before the run. */
  prepare?(lab: TestLab): Promise<void>
  /** While it runs; resolves when everything is done. */
  during?(lab: TestLab, run: Run): Promise<void>
  /** After it, also when something failed. */
  undo?(lab: TestLab): Promise<void>
}

const SERVICE = 'payments-api'
const INTO_THE_LOAD_MS = 20_000

export function disturbanceOf(kind: Meanwhile): Disturbance {
  switch (kind) {
    case 'image-changed':
      return {
        during: async (lab, run) => {
          await intoTheLoad(run)
          await setImage(lab, nextImage(lab))
        },
      }
    case 'rollout-paused':
      return { prepare: pausedRollout, undo: async (lab) => void (await rollout(lab, 'resume')) }
    case 'tag-moved':
      return tagMoved()
    case 'image-by-name':
      return {
        prepare: async (lab) => {
          await lab.kubectl('-n', 'casino', 'set', 'image', 'deployment/promo', 'promo=casino/promo')
          await lab.kubectl('-n', 'casino', 'rollout', 'status', 'deployment/promo', '--timeout=90s')
        },
      }
    case 'quota':
      return {
        prepare: fullQuota,
        undo: async (lab) => void (await lab.kubectl('-n', 'casino', 'delete', 'quota', QUOTA)),
      }
    case 'api-server-stopped':
      return {
        during: async (lab, run) => {
          await intoTheLoad(run)
          signalApiServer(lab, 'SIGSTOP')
        },
        undo: async (lab) => signalApiServer(lab, 'SIGCONT'),
      }
    case 'routes-refused':
      return routesRefused()
    case 'replication-cut':
      return replicationCut()
    case 'neighbour':
      return neighbour()
  }
}

async function intoTheLoad(run: Run): Promise<void> {
  await run.until(({ kind }) => kind === 'load-started')
  await sleep(INTO_THE_LOAD_MS)
}

const REFUSED = 'test/detection/routes-refused.yaml'
const REFUSED_FOR_MS = 90_000

function routesRefused(): Disturbance {
  const allowed = async (lab: TestLab) => void (await lab.kubectl('delete', '--ignore-not-found', '-f', REFUSED))
  const step = (is: string) => (record: Evidence) => record.kind === 'action-step' && record.step.is === is
  return {
    during: async (lab, run) => {
      await run.until(step('done'))
      await lab.kubectl('apply', '-f', REFUSED)
      await run.until(step('heal-requested'))
      await sleep(REFUSED_FOR_MS)
      await allowed(lab)
    },
    undo: allowed,
  }
}

const CUT = 'test/detection/replication-cut.yaml'
/** Some deposits before the writes are frozen, 30 s into the load. */
const CUT_AFTER_MS = 12_000

function replicationCut(): Disturbance {
  return {
    during: async (lab, run) => {
      await run.until(({ kind }) => kind === 'load-started')
      await sleep(CUT_AFTER_MS)
      await lab.kubectl('apply', '-f', CUT)
    },
    undo: async (lab) => void (await lab.kubectl('delete', '--ignore-not-found', '-f', CUT)),
  }
}

const rollout = (lab: TestLab, what: string): Promise<string> =>
  lab.kubectl('-n', 'casino', 'rollout', what, `deployment/${SERVICE}`)

const setImage = (lab: TestLab, image: string): Promise<string> =>
  lab.kubectl('-n', 'casino', 'set', 'image', `deployment/${SERVICE}`, `${SERVICE}=${image}`)

/** The lab has a second image of this service that differs in nothing but its digest. */
const NEXT = `casino/${SERVICE}-next`
const imagesOf = (lab: TestLab) => readIndex(labPaths(lab.root).images).images
const nextImage = (lab: TestLab): string => `${NEXT}@${imagesOf(lab)[NEXT]?.digest}`

/** One pod of the new image is Ready, and the rollout waits. */
async function pausedRollout(lab: TestLab): Promise<void> {
  await setImage(lab, nextImage(lab))
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    const updated = await lab.kubectl(
      ...['-n', 'casino', 'get', 'deployment', SERVICE, '-o', 'jsonpath={.status.updatedReplicas}'],
    )
    if (Number(updated) > 0) break
    await sleep(100)
  }
  await rollout(lab, 'pause')
  // What was under way comes to rest.
  await sleep(10_000)
}

function tagMoved(): Disturbance {
  const name = `casino/${SERVICE}`
  let before: ReturnType<typeof imagesOf> | undefined
  return {
    prepare: async (lab) => {
      await setImage(lab, name)
      await rollout(lab, 'status')
    },
    during: async (lab, run) => {
      await run.until((record) => record.kind === 'action-step' && record.step.is === 'done')
      before = imagesOf(lab)
      const next = before[NEXT]
      if (next === undefined) throw new Error(`the lab has no image ${NEXT}`)
      writeIndex(labPaths(lab.root).images, { images: { ...before, [name]: next } })
    },
    undo: async (lab) => {
      if (before !== undefined) writeIndex(labPaths(lab.root).images, { images: before })
    },
  }
}

const QUOTA = 'no-more-pods'

async function fullQuota(lab: TestLab): Promise<void> {
  const pods = await lab.kubectl('-n', 'casino', 'get', 'pods', '-o', 'name')
  const count = pods.split('\n').filter((line) => line !== '').length
  await lab.kubectl('-n', 'casino', 'create', 'quota', QUOTA, `--hard=pods=${count}`)
  // The quota counts what there is before it refuses anything.
  await sleep(5_000)
}

function signalApiServer({ root }: TestLab, signal: NodeJS.Signals): void {
  const processes = processFamilies((entry) => entry.startsWith('MATCHDAY_') && entry.includes(`=${root}`))
  const servers = processes.filter(({ pid }) => programOf(pid).endsWith('/kube-apiserver'))
  if (servers.length === 0) throw new Error('the API server of the lab was not found')
  for (const server of servers) signalProcess(server, signal)
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
  } catch {
    return ''
  }
}

/** Busy for 3 of every 10 ms. It ends by itself after ten minutes, whatever becomes of the matrix. */
function neighbour(): Disturbance {
  const program = `const end = Date.now() + 600_000
    const turn = () => { const until = performance.now() + 3; while (performance.now() < until); if (Date.now() < end) setTimeout(turn, 7) }
    turn()`
  let child: ChildProcess | undefined
  return {
    prepare: async () => {
      child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
    },
    undo: async () => void child?.kill('SIGKILL'),
  }
}
