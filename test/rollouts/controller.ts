/** The real controller of Argo Rollouts beside an API server of the lab, as a process of this machine. `npm run test:rollouts` builds it once. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabState } from '../../src/lab/lab.ts'
import { applyManifests } from '../../src/lab/workload/apply.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import type { ResolvedTool } from '../../src/toolchain/toolchain.ts'
import { freePort } from '../support/ports.ts'

export type RolloutsController = { stop(): Promise<void> }

const READY_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 200

/** Defines its kinds and starts it with the administrator's kubeconfig. Resolves when it says that it is healthy. @throws with its log */
export async function startRolloutsController(
  { root, kubectl, kubeconfig }: Pick<LabState, 'root' | 'kubectl' | 'kubeconfig'>,
  tool: ResolvedTool,
  log: string,
): Promise<RolloutsController> {
  await applyManifests(root, await renderManifests(kubectl, join(dirname(tool.path), 'definitions'), []))
  const [metrics, health] = [await freePort(), await freePort()]
  const flags = [`--kubeconfig=${kubeconfig}`, `--metricsPort=${metrics}`, `--healthzPort=${health}`]
  const output = openSync(log, 'w')
  const child = spawn(tool.path, [...flags, '--leader-elect=false'], { stdio: ['ignore', output, output] })
  closeSync(output)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  const deadline = performance.now() + READY_WITHIN_MS
  while (!(await isHealthy(`http://127.0.0.1:${health}/healthz`))) {
    if (child.exitCode === null && performance.now() < deadline) await sleep(LOOK_EVERY_MS)
    else {
      await stop()
      throw new Error(`the controller does not serve:\n${readFileSync(log, 'utf8').slice(-2000)}`)
    }
  }
  return { stop }
}

const isHealthy = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
