/** Answers admission reviews of the API server: sets defaults, then refuses what Chaos Mesh refuses, then what the lab cannot do. */

import { isDeepStrictEqual } from 'node:util'
import { joinedMessages } from '../../protocols/chaos-mesh/admission.ts'
import { defaultedSpec } from '../../protocols/chaos-mesh/defaults.ts'
import { isChaosKind, isChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import { otherKind } from '../../protocols/chaos-mesh/other-kinds.ts'
import { webhookProblems } from '../../protocols/chaos-mesh/webhook-rules.ts'
import type { Fields } from '../../protocols/fields.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import { labProblems, refusedByLab } from './lab-limits.ts'

export type ReviewKind = 'mutate' | 'validate'

/** The AdmissionReview to send back. An unreadable request is denied. */
export function reviewed(kind: ReviewKind, review: unknown): Fields {
  const request = fieldsOf(fieldsOf(review).request)
  const answer = kind === 'mutate' ? mutation(request) : validation(request)
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: textOf(request.uid), ...answer },
  }
}

const allowed: Fields = { allowed: true }
const denied = (message: string): Fields => ({ allowed: false, status: { status: 'Failure', code: 403, message } })

function mutation(request: Fields): Fields {
  const object = fieldsOf(request.object)
  if (!isChaosKind(object.kind)) return denied('not a chaos object')
  const spec = defaultedSpec(object.kind, textOf(request.namespace), object.spec)
  if (isDeepStrictEqual(spec, object.spec)) return allowed
  const patch = [{ op: 'add', path: '/spec', value: spec }]
  return { ...allowed, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
}

/** Runs after the schema check, so the object's shape is known to be right. */
function validation(request: Fields): Fields {
  const { object } = request
  const other = otherKind(fieldsOf(object).kind)
  if (other) return denied(refusedByLab(other))
  if (!isChaosObject(object)) return denied('not a chaos object')
  // Writes of the daemon itself and changes of annotations come here too. Only a changed spec is an update.
  if (request.operation === 'UPDATE')
    return isDeepStrictEqual(fieldsOf(request.oldObject).spec, object.spec)
      ? allowed
      : denied('Cannot update chaos spec')
  const problems = webhookProblems(object).map((problem) => problem.message)
  const all = problems.length > 0 ? problems : labProblems(object)
  return all.length === 0 ? allowed : denied(joinedMessages(all))
}
