/** Issue codes of this room. Like those of `files` they are stable and listed in docs/rehearsal-file.md. */
export const planCodes = {
  'fault-outside-blast-radius': 'the planned object reaches into a namespace that the blast radius does not list',
  'fault-selects-nothing': 'a selector of the fault matches no live pod',
  'action-selects-nothing': 'no live node or workload matches the action',
  'action-outside-blast-radius': 'the action harms pods of a namespace that the blast radius does not list',
  'blast-radius-exceeded': 'the fault or action, with what runs at the same time, would harm more than is allowed',
  'rate-too-high': 'load × phase × load factor is more than a load generator can make',
  'objective-unprovable': 'a search for capacity whose longest measurement has too few samples for an objective',
  'load-empty': 'a script takes its load from the rehearsal, and the rehearsal has no arrivals',
  'load-unknown': 'a part of the load that the script does not make',
  'load-not-steady': 'a comparison or a search for capacity with a load of the script that changes by itself',
  'indicator-missing': 'an objective or a guardrail on an indicator that nothing measures',
  'indicator-twice': 'an indicator that is declared and also measured by the script',
  'runners-thresholds':
    'a script with thresholds of its own, and runners that would each evaluate them over a share of the load',
} as const

export type PlanCode = keyof typeof planCodes
