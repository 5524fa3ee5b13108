/** Connects ports to adapters. The only place that does. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { chaosMeshInjector } from '../adapters/chaos-mesh/injector.ts'
import { k6LoadGenerator } from '../adapters/k6/load-generator.ts'
import { runnersLoadGenerator } from '../adapters/k6/runners/generator.ts'
import { runnersUndoer } from '../adapters/k6/runners/undo.ts'
import { kubernetesActions } from '../adapters/kubernetes/actions/actions.ts'
import { kubernetesCluster } from '../adapters/kubernetes/cluster.ts'
import { readCredentials } from '../adapters/kubernetes/load-credentials.ts'
import { leaseLock } from '../adapters/kubernetes/lock.ts'
import { platformBooks } from '../adapters/ledger/books.ts'
import { kubernetesProbes } from '../adapters/metrics/probes.ts'
import { httpVisits } from '../adapters/visits/visits.ts'
import type { ControllerPorts } from '../controller/perform.ts'
import { redactionOf } from '../controller/redaction.ts'
import type { SessionPorts } from '../controller/session.ts'
import { secretVariables, type Target } from '../domain/rehearsal.ts'
import { exitCodes } from '../domain/verdict.ts'
import type { KubernetesApi } from '../protocols/kubernetes/api.ts'
import { systemClock } from './clock.ts'
import { BadInput } from './failure.ts'

/** Bundled scenarios are cached beside the toolchain, by content. */
export const k6Settings = (binary: string) => ({
  binary,
  clock: systemClock,
  cacheFolder: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'matchday', 'scenarios'),
})

/**
 * The load generator with the target's credentials. `k6` is the path of the binary, `api` undefined where no cluster is in use.
 * @throws BadInput for credentials that cannot be had
 */
export async function loadPortsOf(
  api: KubernetesApi | undefined,
  k6: string,
  target: Target,
): Promise<Pick<ControllerPorts, 'load' | 'redact'>> {
  const { values, issues } = await readCredentials(api, target)
  if (issues.length > 0) throw new BadInput(issues, exitCodes.environment)
  const { text: redact, value } = redactionOf(values)
  const settings = { ...k6Settings(k6), credentials: { values, redact }, withheld: secretVariables(target) }
  const { load, namespace } = target
  const inCluster = api && load && runnersLoadGenerator({ ...settings, api, load, target: namespace })
  return { load: inCluster ?? k6LoadGenerator(settings), redact: value }
}

export function clusterPortsOf(api: KubernetesApi): Omit<ControllerPorts, 'load' | 'redact'> {
  return {
    clock: systemClock,
    cluster: kubernetesCluster(api),
    faults: chaosMeshInjector(api, systemClock),
    actions: kubernetesActions(api, systemClock),
    runners: runnersUndoer(api, systemClock),
    probes: kubernetesProbes(api, systemClock),
    books: platformBooks(api),
    lock: leaseLock(api),
    visits: httpVisits(),
  }
}

/** Ports of a session: of a cluster, or of load alone. @throws BadInput */
export async function sessionPortsOf(
  api: KubernetesApi | undefined,
  k6: string,
  target: Target,
): Promise<SessionPorts> {
  const cluster = api === undefined ? {} : { cluster: clusterPortsOf(api) }
  return { clock: systemClock, ...(await loadPortsOf(api, k6, target)), ...cluster }
}
