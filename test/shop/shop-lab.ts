/** A lab that runs the shop. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bootLab, type LabRunners } from '../../src/cli/lab-boot.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { FIRST_PLACE } from '../../src/lab/topology/place.ts'
import { causesOf, type Run, startRunOn } from '../support/lab.ts'
import { askHost, hasHost } from '../support/lab-host.ts'

export type ShopLab = {
  readonly root: string
  readonly kubeconfig: string
  /** Where customers of this machine enter. */
  readonly entry: string
  /** `change` edits the text of the shop's target file. */
  run(rehearsal: string, change?: (target: string) => string): Run
  kubectl(...words: readonly string[]): Promise<string>
  /** Variables of a Deployment in namespace shop; resolves when its new pods are ready. */
  setEnv(deployment: string, ...variables: readonly string[]): Promise<void>
  down(): Promise<void>
}

/** An edit of the target file: so many runners, which enter through the Service. */
export const withRunners = (runners: number, namespace: string) => (target: string) => {
  const load = `{runners: ${runners}, namespace: ${namespace}, entry: 'http://storefront.shop:8080', cpu: 500m, memory: 256Mi}`
  return target.replace(/^ {2}sources:/m, `  load: ${load}\n  sources:`)
}

/** A machine with other work may leave k6 short of processor time. Then the run says so, and no pass is due. */
export const isStarved = (judgment: Judgment): boolean => causesOf(judgment).includes('generator-starved')

const TARGET = 'test/shop/targets/lab.yaml'

export async function shopLab(runners?: LabRunners): Promise<ShopLab> {
  const place = hasHost() ? (await askHost('none')).place : FIRST_PLACE
  const scratch = mkdtempSync(join(tmpdir(), 'md-'))
  // Pods of a root caller run as somebody else, who must get to their images.
  chmodSync(scratch, 0o755)
  const signal = new AbortController().signal
  const root = join(scratch, 'l')
  const handle = await bootLab({ workload: 'test/shop', overlays: [], root, place, runners, signal })
  const { state, kubeconfig } = handle
  const entry = `http://${state.ingress.host}:${state.ingress.port}`
  const reports = join(scratch, 'reports')
  mkdirSync(reports)
  const kubectl = async (...words: readonly string[]) =>
    (await promisify(execFile)(state.kubectl, ['--kubeconfig', kubeconfig, ...words])).stdout
  return {
    root,
    kubeconfig,
    entry,
    kubectl,
    run: (rehearsal, change = (text) => text) => {
      const target = join(mkdtempSync(join(scratch, 't-')), 'target.yaml')
      writeFileSync(target, change(readFileSync(TARGET, 'utf8').replace(/entry: http:.*/, `entry: ${entry}`)))
      return startRunOn({ reports, root }, rehearsal, '--lab', '--target', target)
    },
    setEnv: async (deployment, ...variables) => {
      await kubectl('-n', 'shop', 'set', 'env', `deployment/${deployment}`, ...variables)
      await kubectl('-n', 'shop', 'rollout', 'status', `deployment/${deployment}`, '--timeout=60s')
    },
    down: async () => {
      await handle.down()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
