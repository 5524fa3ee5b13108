/**
 * Tries connections from the pods of a namespace, to see whether its NetworkPolicies are enforced. One Ready pod of each workload connects to all
 * targets (dial-targets.ts) at once. The programs run in the pods by `exec`.
 */
import type { DialReach, DialSeen } from '../../domain/effects.ts'
import type { KubernetesApi } from '../../protocols/kubernetes/api.ts'
import type { Permitted } from '../../protocols/kubernetes/network-policy.ts'
import { type DialPod, dialNamespace } from './dial-pods.ts'
import { type DialProgram, dialOutcomes, dialPrograms } from './dial-programs.ts'
import { type DialTarget, dialTargets, type Untried } from './dial-targets.ts'

/** Each holds a connection to the API server and a process in a pod. */
const PODS_AT_ONCE = 4

/** Without `reach`, only connections within the namespace. */
export async function dialPods(api: KubernetesApi, namespace: string, reach?: DialReach): Promise<readonly DialSeen[]> {
  const own = await dialNamespace(api, namespace)
  const all = await dialTargets(api, own, reach)
  const targets = all.flatMap((each) => ('why' in each ? [] : [each]))
  const seen = await sideBySide(own.pods, (from) => dialFrom(api, namespace, from, targets))
  return [...seen.flat(), ...all.flatMap((each) => ('why' in each ? [untried(namespace, each)] : []))]
}

async function sideBySide<T, R>(all: readonly T[], act: (each: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const left = all.entries()
  const work = async () => {
    for (const [index, each] of left) results[index] = await act(each)
  }
  await Promise.all(Array.from({ length: PODS_AT_ONCE }, work))
  return results
}

type Decided = DialTarget & { readonly permitted: Exclude<Permitted, 'unknown'> }

async function dialFrom(
  api: KubernetesApi,
  namespace: string,
  from: DialPod,
  targets: readonly DialTarget[],
): Promise<readonly DialSeen[]> {
  const decided = targets.flatMap((target): readonly Decided[] => {
    const permitted = target.permits(from)
    return permitted === 'unknown' ? [] : [{ ...target, permitted }]
  })
  if (decided.length === 0) return []
  const { outcomes, said } = await execute(
    api,
    namespace,
    from,
    decided.map(({ host, port }) => `${host}:${port}`),
  )
  return decided.map((target) => {
    const outcome = outcomes.get(`${target.host}:${target.port}`) ?? 'undialled'
    return {
      ...dialSeen(namespace, from.workload, target),
      allowed: target.permitted === 'allowed',
      outcome,
      said: outcome === 'undialled' ? said || 'the program printed no outcome' : '',
    }
  })
}

const untried = (namespace: string, target: Untried): DialSeen => ({
  ...dialSeen(namespace, '', target),
  allowed: false,
  outcome: 'undialled',
  said: target.why,
})

const dialSeen = (
  namespace: string,
  from: string,
  { name, port, outside }: Pick<DialTarget, 'name' | 'port' | 'outside'>,
) => ({
  resource: 'Dial' as const,
  namespace,
  name: `${from} to ${name}:${port}`,
  uid: '',
  from,
  to: name,
  port,
  ...(outside === undefined ? {} : { outside }),
})

const EXEC_TIMEOUT_MS = 15_000

/** The programs in turn, until one of them answers. */
async function execute(api: KubernetesApi, namespace: string, from: DialPod, targets: readonly string[]) {
  const problems: string[] = []
  for (const program of dialPrograms) {
    const own = from.listens === undefined ? [] : [`${from.ip}:${from.listens}`]
    const command = program.command([...targets, ...own])
    const answer = await api.exec({
      namespace,
      pod: from.name,
      container: from.container,
      command,
      timeoutMs: EXEC_TIMEOUT_MS,
    })
    const outcomes = dialOutcomes(answer.output)
    if (isTrusted(program, outcomes)) return { outcomes, said: '' }
    problems.push(`${program.name}: ${answer.problem ?? 'it could not connect to anything, not even to its own pod'}`)
  }
  return { outcomes: new Map<string, never>(), said: problems.join('; ') }
}

/** `nc` takes other flags in some images. So the failures of a shell are not believed if it cannot even connect to its own pod. */
const isTrusted = ({ name }: DialProgram, outcomes: ReadonlyMap<string, string>): boolean =>
  name === 'node' ? outcomes.size > 0 : [...outcomes.values()].includes('connected')
