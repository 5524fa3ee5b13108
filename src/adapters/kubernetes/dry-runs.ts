/**
 * Tries whether admission refuses pods that policies should forbid. A server-side dry run (`dryRun=All`) goes through all of admission and creates
 * nothing (Kubernetes API concepts, "Dry-run"). The pods have the labels and the image repository of a pod of the namespace, so that policies about
 * labels or registries have no reason to refuse them.
 */
import { type DryRunSeen, type TriedPod, triedPods } from '../../domain/effects.ts'
import { type ApiResponse, demand, itemsOf, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { quoted } from '../../protocols/kubernetes/api-error.ts'
import { fields, list, text } from './fields.ts'

/** What the tried pods copy from a pod template of the namespace. */
type Model = { readonly labels: object; readonly image: string }

export async function tryPods(api: KubernetesApi, namespace: string): Promise<readonly DryRunSeen[]> {
  const model = await modelOf(api, namespace)
  return Promise.all(triedPods.map((tried) => tryOne(api, namespace, tried, model)))
}

async function modelOf(api: KubernetesApi, namespace: string): Promise<Model> {
  const [first] = itemsOf(await demand(api, { method: 'GET', path: paths.deployments(namespace) }))
  const { metadata, spec } = fields(fields(first?.spec).template)
  const [container] = list(fields(spec).containers)
  // Nothing pulls it: nothing is created.
  return {
    labels: fields(fields(metadata).labels),
    image: text(container?.image) || 'registry.invalid/matchday/tried',
  }
}

async function tryOne(api: KubernetesApi, namespace: string, tried: TriedPod, model: Model): Promise<DryRunSeen> {
  const path = `${paths.pods(namespace)}?dryRun=All`
  const answer = await api.request({ method: 'POST', path, body: podOf(namespace, tried, model) })
  const seen = { resource: 'DryRun', namespace, name: tried, uid: '', tried } as const
  if (answer.status < 300) return { ...seen, outcome: isStill(tried, answer.json) ? 'accepted' : 'corrected', said: '' }
  const said = text(fields(answer.json).message) || `${answer.status} ${quoted(answer.text)}`
  return { ...seen, outcome: isAboutThePod(answer, said) ? 'refused' : 'unanswered', said }
}

/** Whether admission let the flaw stand. A LimitRange adds limits, and a webhook may add a digest. */
function isStill(tried: TriedPod, pod: unknown): boolean {
  const container = list(fields(fields(pod).spec).containers).find(({ name }) => name === 'tried')
  switch (tried) {
    case 'in-order':
      return true
    case 'privileged':
      return fields(container?.securityContext).privileged === true
    case 'latest-tag':
      return text(container?.image).endsWith(':latest')
    case 'without-limits': {
      const limits = fields(fields(container?.resources).limits)
      return limits.cpu === undefined || limits.memory === undefined
    }
  }
}

/** Refusals that are not about the pod: no permission, a spent quota, a webhook with side effects (admission/plugin/webhook/errors in apiserver). */
const OTHER_REASONS = [/cannot create resource "pods"/, /exceeded quota/, /does not support dry run/]

/** Policies refuse with 403 or 422, and webhooks with any code that they choose. */
const isAboutThePod = ({ status }: ApiResponse, said: string): boolean =>
  status >= 400 &&
  status < 500 &&
  ![401, 404, 408, 429].includes(status) &&
  !OTHER_REASONS.some((reason) => reason.test(said))

/** `name:tag@sha256:…` without tag and digest. A colon before a slash belongs to the registry's port. */
const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
const digestOf = (image: string): string => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? `sha256:${'0'.repeat(64)}`

/** Meets the Pod Security Standard "restricted" and has limits and a digest, except for the flaw that is tried. */
function podOf(namespace: string, tried: TriedPod, { labels, image }: Model): object {
  const amounts = { cpu: '10m', memory: '16Mi' }
  const repository = repositoryOf(image)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'matchday-tried-', namespace, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'tried',
          image: tried === 'latest-tag' ? `${repository}:latest` : `${repository}@${digestOf(image)}`,
          ...(tried === 'without-limits' ? {} : { resources: { requests: amounts, limits: amounts } }),
          securityContext: {
            // The API server rejects `privileged: true` together with `allowPrivilegeEscalation: false`.
            ...(tried === 'privileged' ? { privileged: true } : { allowPrivilegeEscalation: false }),
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  }
}
