/** How upstream's programs are called: to list their specs, and to run one against a lab. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import type { LabState } from '../../../src/lab/lab.ts'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import type { Suite } from './flags.ts'
import { type Command, entriesOf, nameOf } from './ginkgo.ts'
import { CRITEST_FOCUS, CRITEST_SKIP, otherSpecs, workloadSpecs } from './selection.ts'

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

type Specs = Readonly<Record<Suite, readonly string[]>>

/** The names of the specs of e2e.test. */
export async function e2eSpecs(program: string): Promise<Pick<Specs, 'e2e' | 'others'>> {
  const { stdout } = await promisify(execFile)(program, ['-list-conformance-tests'], { maxBuffer: OUTPUT_BYTES_MAX })
  const found = z.array(z.object({ codename: z.string() })).parse(parse(stdout))
  const names = found.map(({ codename }) => codename)
  return { e2e: workloadSpecs(names), others: otherSpecs(names) }
}

/** The names of the specs of critest. */
export async function critestSpecs(program: string, scratch: string): Promise<Pick<Specs, 'critest'>> {
  const report = join(scratch, 'critest.json')
  const selected = [`-ginkgo.focus=${CRITEST_FOCUS}`, `-ginkgo.skip=${CRITEST_SKIP}`]
  await promisify(execFile)(program, ['-ginkgo.dry-run', `-ginkgo.json-report=${report}`, ...selected])
  const planned = entriesOf(readFileSync(report, 'utf8'))
  const kept = planned.filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State === 'passed')
  return { critest: kept.map(nameOf).sort() }
}

/** The suite only logs what it cannot fetch of a cloud's nodes. */
export const e2eCommand = (program: string, { kubeconfig, kubectl }: LabState): Command => [
  program,
  `--kubeconfig=${kubeconfig}`,
  `--kubectl-path=${kubectl}`,
  '--provider=skeleton',
  '--allowed-not-ready-nodes=-1',
  '--node-schedulable-timeout=30s',
  '--disable-log-dump',
  '--dump-logs-on-failure=false',
]

/** critest speaks to one node's runtime, and dials its pods by their addresses: in a lab with namespaces, from the lab's network. */
export function critestCommand(program: string, { root, nodes, network, owner }: LabState): Command {
  const socket = `unix://${labPaths(root).node(nodes[0]?.name ?? '').criSocket}`
  const streams = ['--websocket-exec', '--websocket-attach', '--websocket-portforward']
  const own = [program, `--runtime-endpoint=${socket}`, `--image-endpoint=${socket}`, ...streams] as const
  if (network?.kind !== 'namespaces') return own
  return ['nsenter', `--target=${owner.pid}`, '--user', '--net', '--preserve-credentials', '--', ...own]
}
