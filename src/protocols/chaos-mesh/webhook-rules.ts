/** The checks of Chaos Mesh's validating webhooks, on a spec that has its defaults and passed its schema. */
import { ask, type ChaosObject } from './objects.ts'
import type { WebhookProblem } from './webhook-checks.ts'

export const webhookProblems = (object: ChaosObject): readonly WebhookProblem[] =>
  ask(object, (kind, spec) => kind.refused(spec))
