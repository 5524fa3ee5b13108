/** HTTPChaos: each record is a pod whose requests are affected. */

import type { ChaosObject, HTTPChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import { type EnactedFault, prefixed } from './enactor.ts'
import { httpEffect } from './http-rules.ts'
import { createRuleEnactor } from './rule-faults.ts'

const sources = prefixed('httpchaos')

export const httpChaos: EnactedFault = {
  problems: (object) => httpProblems(specOf(object)),
  sample: { target: 'Request', port: 80 },
  sources,
  createEnactor: ({ cluster, agent }) =>
    createRuleEnactor(cluster, agent, sources, {
      acts: () => true,
      rulesOf: async (object, _, podUid) => [{ podUid, effect: httpEffect(specOf(object)) }],
    }),
}

function specOf(object: ChaosObject) {
  if (object.kind !== 'HTTPChaos') throw new Error(`${object.kind} is not an HTTP fault`)
  return object.spec
}

/** Refuses only what would behave differently from upstream. Other peculiarities of the proxy are kept. */
function httpProblems({ patch, tls, replace }: HTTPChaosSpec): string[] {
  const problems: string[] = []
  if (patch?.body !== undefined)
    problems.push("spec.patch.body: the lab does not read bodies and can't merge into them; use spec.replace.body")
  if (tls !== undefined)
    problems.push('spec.tls: the lab acts on HTTP inside the serving process, and leaves connections with TLS alone')
  if (replace?.code !== undefined && replace.code < 200)
    problems.push(
      `spec.replace.code: ${replace.code} is an interim response (1xx), which a final response would follow`,
    )
  return problems
}
