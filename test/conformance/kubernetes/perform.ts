/** The specs that are to run, and their run: one lab for each kind of network. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { controlKubelet, type LabHandle, type LabState } from '../../../src/lab/lab.ts'
import type { ResolvedTool } from '../../../src/toolchain/toolchain.ts'
import { currentCommit, isAtOrAfter, today } from '../../support/slices.ts'
import { bootForSuite, suiteScratch } from '../lab.ts'
import { critestCommand, critestSpecs, e2eCommand, e2eSpecs } from './commands.ts'
import { exceptionFor } from './exceptions.ts'
import { type Flags, NETWORKINGS, type Networking, SUITES, type Suite } from './flags.ts'
import { type Command, runSpec, type SpecResult } from './ginkgo.ts'
import { suiteImages } from './images.ts'
import { idOf, keepTrial, type Measured, readMeasured, writeMeasured } from './kept.ts'
import { isSlow } from './selection.ts'

// Specs about spreading and eviction want several.
const NODES = 3
// Programs of the suite listen on port 8080 of all addresses. Without namespaces, an ingress on that port of the machine is in their way.
const INGRESS_PORT = 18_080
const LOGS = join('reports', 'conformance')

/** Only those of the suites that were chosen. */
export type Tools = { readonly agnhost: ResolvedTool } & Readonly<Partial<Record<'e2e-test' | 'critest', ResolvedTool>>>

type Todo = { readonly networking: Networking; readonly suite: Suite; readonly specs: readonly string[] }

export type PlannedRun = { readonly flags: Flags; readonly tools: Tools; readonly todo: readonly Todo[] }

/** `news`: failures that are no known exception. `unrun`: specs that did not begin. */
export type Found = { readonly news: readonly string[]; readonly unrun: readonly string[] }

/** Notes the names of all specs, so that the page can tell which were not measured. */
export async function plannedRun(flags: Flags, tools: Tools): Promise<PlannedRun> {
  const measured = await withSpecs(readMeasured(), tools)
  writeMeasured(measured)
  const { specs, trials } = measured
  const isWanted = (networking: Networking, suite: Suite) => (spec: string) => {
    const trial = trials[idOf(networking, suite, spec)]
    return flags.focus.test(spec) && !(flags.resume && trial && isAtOrAfter(trial.commit, flags.since))
  }
  const todo = flags.networkings.flatMap((networking) =>
    SUITES.filter((suite) => isChosen(flags, networking, suite)).map((suite) => ({
      networking,
      suite,
      specs: longestFirst(specs[suite].filter(isWanted(networking, suite)), (spec) =>
        Math.max(...NETWORKINGS.map((each) => trials[idOf(each, suite, spec)]?.seconds ?? (isSlow(spec) ? SLOW_S : 0))),
      ),
    })),
  )
  return { flags, tools, todo: todo.filter((each) => each.specs.length > 0) }
}

// Only used to sort: about how long a spec that upstream marks [Slow] takes, if it was not measured yet.
const SLOW_S = 300

/** Several run at the same time: a long one that begins last would keep the others waiting. */
const longestFirst = (specs: readonly string[], secondsOf: (spec: string) => number): readonly string[] =>
  specs.toSorted((one, other) => secondsOf(other) - secondsOf(one))

async function withSpecs({ versions, specs, trials }: Measured, tools: Tools): Promise<Measured> {
  const { 'e2e-test': e2e, critest } = tools
  const scratch = suiteScratch()
  try {
    return {
      versions: {
        kubernetes: e2e?.version ?? versions.kubernetes,
        'cri-tools': critest?.version ?? versions['cri-tools'],
      },
      specs: {
        ...specs,
        ...(e2e ? await e2eSpecs(e2e.path) : {}),
        ...(critest ? await critestSpecs(critest.path, scratch) : {}),
      },
      trials,
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Many of the others need networks and files that the preload cannot give to their programs. So with the preload they run only if `--only` asks for them. */
const isChosen = ({ only }: Flags, networking: Networking, suite: Suite): boolean =>
  only === undefined ? suite !== 'others' || networking === 'namespaces' : only === suite

export function listTodo({ todo }: PlannedRun): number {
  for (const { networking, suite, specs } of todo)
    for (const spec of specs) console.log(`${networking} ${suite}  ${spec}`)
  console.log(`${todo.flatMap(({ specs }) => specs).length} specs`)
  return 0
}

/** @throws the signal's reason when aborted; no lab is left then */
export async function performAll({ flags, tools, todo }: PlannedRun, signal: AbortSignal): Promise<Found> {
  const found = { news: [] as string[], unrun: [] as string[] }
  const deadline = performance.now() + flags.forMs
  for (const networking of flags.networkings) {
    const here = todo.filter((each) => each.networking === networking)
    if (here.length === 0 || performance.now() > deadline) continue
    await inLab(tools, networking, signal, async (lab, scratch) => {
      for (const { suite, specs } of here) await performSuite({ suite, specs, networking, lab, scratch })
    })
  }
  return found

  type Part = { suite: Suite; specs: readonly string[]; networking: Networking; lab: LabHandle; scratch: string }

  async function performSuite({ suite, specs, networking, lab, scratch }: Part): Promise<void> {
    // A kubelet ends containers that no pod of its API server has.
    const node = lab.state.nodes[0]?.name ?? ''
    if (suite === 'critest') await controlKubelet(lab.state.root, node, 'stop')
    const command = commandOf(suite, lab.state)
    mkdirSync(join(LOGS, networking), { recursive: true })
    /** Those that failed for no known reason. */
    const news = new Set<string>()
    // critest's specs count images and sandboxes of the whole node.
    const atOnce = suite === 'critest' ? 1 : flags.atOnce
    await performEach(specs, atOnce)
    // Without namespaces, pods of two specs may want the same port of the machine.
    if (atOnce > 1) await performEach([...news], 1)
    found.news.push(...news)
    if (performance.now() > deadline) console.log(`time is up: --resume goes on`)

    async function performEach(names: readonly string[], workers: number): Promise<void> {
      const left = names.entries()
      const worker = async () => {
        for (const [index, name] of left) {
          if (performance.now() > deadline) return
          const log = join(LOGS, networking, `${fileName(name)}.log`)
          const result = await runSpec({ command, name, scratch, log, signal })
          if (result.kind === 'passed') rmSync(log, { force: true })
          note(networking, suite, name, result)
          if (result.kind === 'failed' && exceptionFor(name, networking) === undefined) news.add(name)
          if (result.kind === 'passed') news.delete(name)
          console.log(`${index + 1}/${names.length} ${networking} ${told(result)}  ${name}`)
        }
      }
      await Promise.all(Array.from({ length: workers }, worker))
    }
  }

  function commandOf(suite: Suite, state: LabState): Command {
    const tool = tools[suite === 'critest' ? 'critest' : 'e2e-test']
    if (tool === undefined) throw new Error(`the program of ${suite} was not resolved`)
    return suite === 'critest' ? critestCommand(tool.path, state) : e2eCommand(tool.path, state)
  }

  function note(networking: Networking, suite: Suite, name: string, result: SpecResult): void {
    if (result.kind === 'unrun') return void found.unrun.push(name)
    const facts = {
      commit: currentCommit(),
      date: today(),
      user: process.getuid?.() === 0 ? 'root' : 'ordinary',
    } as const
    const { kind: outcome, ...rest } = result
    keepTrial(idOf(networking, suite, name), { outcome, ...rest, ...facts })
  }
}

async function inLab(
  { agnhost }: Tools,
  network: Networking,
  signal: AbortSignal,
  use: (lab: LabHandle, scratch: string) => Promise<void>,
): Promise<void> {
  const scratch = suiteScratch()
  try {
    const lab = await bootForSuite({
      scratch,
      images: await suiteImages(agnhost.path, scratch),
      nodes: NODES,
      ingressPort: INGRESS_PORT,
      network,
      signal,
    })
    try {
      await use(lab, scratch)
    } finally {
      await lab.down()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const told = (result: SpecResult): string =>
  result.kind === 'unrun' ? `not run (${result.message})` : `${result.kind} ${result.seconds} s`

const FILE_NAME_CHARACTERS_MAX = 120

const fileName = (spec: string): string =>
  spec
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, FILE_NAME_CHARACTERS_MAX)
