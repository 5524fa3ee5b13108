/** The load of a plan as objects for k6-operator: a ConfigMap with the script and a TestRun. https://grafana.com/docs/k6/latest/set-up/set-up-distributed-k6/ */
import type { LoadRunners } from '../../../domain/runners.ts'
import type { LoadPlan } from '../../../domain/timeline.ts'
import { remoteWriteOutput } from '../output.ts'
import { archiveOf } from './archive.ts'
import { ARCHIVE_FILE, placementOf, sameLimits } from './manifests.ts'

export type Export = {
  readonly binary: string
  readonly cacheFolder: string
  readonly script: string
  readonly plan: LoadPlan
  readonly load: LoadRunners
  readonly name: string
  /** Where the runners send what they measure, by remote write. */
  readonly remoteWrite: string
  /** Variables with credentials. The script is loaded with placeholders for them, because the export must not hold their values. */
  readonly credentials: readonly string[]
  /** Variables with other secrets of matchday, which k6 must not get. */
  readonly withheld: readonly string[]
}

/** @throws EnvironmentError if the script cannot be bundled or archived */
export async function testRunOf(wanted: Export): Promise<readonly object[]> {
  const { load, name, remoteWrite, credentials, ...script } = wanted
  const placeholders = Object.fromEntries(credentials.map((each) => [each, `credential-${each}`]))
  const archive = await archiveOf({ ...script, credentials: placeholders, asItIs: true })
  const metadata = { name, namespace: load.namespace }
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
        resources: sameLimits(load.cpu, load.memory),
        ...placementOf(load),
      },
    },
  }
  return [config, testRun]
}
