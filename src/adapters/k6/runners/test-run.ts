/** The load of a plan as objects for k6-operator: a ConfigMap with the script and a TestRun. https://grafana.com/docs/k6/latest/set-up/set-up-distributed-k6/ */
import type { LoadRunners } from '../../../domain/runners.ts'
import type { LoadPlan } from '../../../domain/timeline.ts'
import { waysToLoad } from '../loadable.ts'
import { remoteWriteOutput } from '../output.ts'
import { archiveOf } from './archive.ts'
import { ARCHIVE_FILE } from './manifests.ts'

export type Export = {
  readonly binary: string
  readonly cacheFolder: string
  readonly script: string
  readonly plan: LoadPlan
  readonly load: LoadRunners
  readonly name: string
  /** Where the runners send what they measure, by remote write. */
  readonly remoteWrite: string
  /** Variables that the script reads and that no file may hold: the script is loaded with other words in their place. */
  readonly credentials: readonly string[]
}

/** Undefined if the script cannot be bundled; then `run` says why. */
export async function testRunOf(wanted: Export): Promise<readonly object[] | undefined> {
  const { binary, cacheFolder, script, plan, load, name, remoteWrite, credentials } = wanted
  const way = (await waysToLoad(script, cacheFolder)).ways.find(({ bundled }) => bundled)
  if (way === undefined) return undefined
  const placeholders = Object.fromEntries(credentials.map((each) => [each, `credential-${each}`]))
  const given = { binary, script, entry: way.file, plan, credentials: placeholders, withheld: [], asItIs: true }
  const archive = await archiveOf(given)
  const metadata = { name, namespace: load.namespace }
  const limits = { cpu: load.cpu, memory: load.memory }
  const env = { ...archive.env, K6_AUTO_EXTENSION_RESOLUTION: 'false', ...remoteWriteOutput.env(remoteWrite) }
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    binaryData: { [ARCHIVE_FILE]: archive.content.toString('base64') },
  }
  const testRun = {
    apiVersion: 'k6.io/v1alpha1',
    kind: 'TestRun',
    metadata,
    spec: {
      parallelism: load.runners,
      script: { configMap: { name, file: ARCHIVE_FILE } },
      args: [
        '--include-system-env-vars',
        '--no-thresholds',
        '--summary-mode=disabled',
        '--out',
        remoteWriteOutput.name,
      ],
      runner: {
        image: load.image,
        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
        resources: { requests: limits, limits },
        ...(load.nodeSelector === undefined ? {} : { nodeSelector: load.nodeSelector }),
        ...(load.tolerates === undefined
          ? {}
          : { tolerations: load.tolerates.map((key) => ({ key, operator: 'Exists' })) }),
      },
    },
  }
  return [config, testRun]
}
