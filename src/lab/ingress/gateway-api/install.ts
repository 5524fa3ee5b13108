import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClusterClient, isNotFound } from '../../cluster-access/cluster.ts'
import { CONTROLLER_NAME, GATEWAY_CLASS, GROUP } from './objects.ts'

/** The definitions that the ingress serves. With the definition of a kind that is not served, routes would be accepted without effect. */
const PLURALS = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants']

const gatewayClass = {
  apiVersion: `${GROUP}/v1`,
  kind: 'GatewayClass',
  metadata: { name: GATEWAY_CLASS },
  spec: { controllerName: CONTROLLER_NAME, description: "The lab's ingress" },
}

/**
 * Creates the definitions of the Gateway API, as their project publishes them, and the GatewayClass. Can be repeated.
 * @param folder the standard channel: `config/crd/standard` of the module
 * @throws when the API server refuses one, or does not serve the class yet
 */
export async function installGatewayApi(cluster: ClusterClient, folder: string): Promise<void> {
  const files = readdirSync(folder)
  for (const plural of PLURALS) {
    const file = `${GROUP}_${plural}.yaml`
    if (!files.includes(file)) throw new Error(`${folder} has no ${file}`)
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${GROUP}`
    await cluster.applyYaml(path, readFileSync(join(folder, file), 'utf8'))
  }
  await applyClass(cluster)
}

const WITHIN_MS = 30_000
const AGAIN_MS = 50

/** The API server serves a kind a moment after it has taken its definition. */
async function applyClass(cluster: ClusterClient): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS
  for (;;) {
    try {
      await cluster.apply(`/apis/${GROUP}/v1/gatewayclasses/${GATEWAY_CLASS}`, gatewayClass)
      return
    } catch (error) {
      if (!isNotFound(error) || performance.now() > deadlineMs) throw error
      await sleep(AGAIN_MS)
    }
  }
}
