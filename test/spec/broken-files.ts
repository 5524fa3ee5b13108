/** One row, one mistake: what is edited in the stock files, and the code and line of each issue that it must give. */
import { CHAOS, type Edit, REHEARSAL, TARGET } from './stock.ts'

export type Row = readonly [title: string, file: string, edits: readonly Edit[], issues: readonly string[]]

const one = (title: string, file: string, edit: Edit, ...issues: readonly string[]): Row => [
  title,
  file,
  [edit],
  issues,
]
const spec = (title: string, from: string, to: string, ...issues: readonly string[]): Row =>
  one(title, REHEARSAL, [from, to], ...issues)
const chaos = (title: string, from: string, to: string, ...issues: readonly string[]): Row =>
  one(title, CHAOS, [from, to], ...issues)

export const brokenRehearsals: readonly Row[] = [
  // Unknown keys, with what may have been meant, at every level.
  spec('a mistyped key at the top', 'kind: Rehearsal', 'kindd: Rehearsal', 'unknown-key:7'),
  spec('a mistyped key of metadata', '{name: psp-down-at-peak}', '{nmae: psp-down-at-peak}', 'unknown-key:8'),
  spec('a mistyped section', '  slos:', '  solos:', 'unknown-key:36'),
  spec('a mistyped key of the target', '    contexts:', '    context:', 'unknown-key:12'),
  spec('a mistyped key of the load', '    arrivals:', '    arivals:', 'unknown-key:15'),
  spec('a mistyped key of a phase', 'ramp: 10s', 'rampp: 10s', 'unknown-key:20'),
  spec('a mistyped key of a fault', '      apply:', '      aply:', 'unknown-key:27'),
  spec('a mistyped key of a witness', 'becomes: 0', 'become: 0', 'unknown-key:28'),
  spec('an unknown expectation of a fault', '- failover:', '- failsover:', 'unknown-key:30'),
  spec('an unknown expectation', '- disruption:', '- disrupt:', 'unknown-key:34'),
  spec('a mistyped key of an autoscaler', 'atLeast: 5', 'atleast: 5', 'unknown-key:33'),
  spec('a mistyped key of an objective', 'objective: 99.9%', 'objectve: 99.9%', 'missing-key:37', 'unknown-key:37'),
  spec('a key that looks like nothing known', 'zones: 1}', 'zones: 1, colour: red}', 'unknown-key:17'),
  spec('a merge key', '  load:\n', '  load:\n    <<: {script: x}\n', 'unknown-key:14'),

  // Wrong types at every level.
  spec(
    'a list where a map is wanted',
    'metadata: {name: psp-down-at-peak}',
    'metadata: [psp-down-at-peak]',
    'wrong-type:8',
  ),
  spec('a text where a list is wanted', 'contexts: [lab, staging-eu]', 'contexts: lab', 'wrong-type:12'),
  spec('nothing where a text is wanted', 'hypothesis: When', 'hypothesis: # When', 'wrong-type:10'),
  spec(
    'a list of texts where maps are wanted',
    '- {phase: baseline, ramp: 5s, for: 20s, load: 1x}',
    '- baseline',
    'wrong-type:19',
  ),
  spec('a map where a quantity is wanted', 'for: 90s', 'for: {s: 90}', 'wrong-type:20'),
  spec('a number where a text is wanted', 'name: psp-a down', 'name: 7', 'wrong-type:23'),
  spec('a text where a number is wanted', 'atLeast: 5', 'atLeast: five', 'wrong-type:33'),
  spec('half a pod', 'atLeast: 5', 'atLeast: 4.5', 'wrong-value:33'),
  spec('an empty list of phases', 'contexts: [lab, staging-eu]', 'contexts: []', 'missing-key:12'),
  spec('a rate as a list', 'login: 24/s', 'login: [24/s]', 'wrong-type:15'),
  spec('another kind', 'kind: Rehearsal', 'kind: Target', 'wrong-value:7'),
  spec('another version', 'matchday.dev/v1', 'matchday.dev/v2', 'wrong-value:6'),
  spec('a disruption that need not hold', 'held: true', 'held: false', 'wrong-value:34'),
  spec('a name that Kubernetes would refuse', '{name: psp-down-at-peak}', '{name: PSP_down}', 'wrong-value:8'),
  spec(
    'an operation that can not name a metric',
    'arrivals: {login:',
    'arrivals: {Log in:',
    'wrong-value:15',
    'unknown-sli:37',
  ),

  // Quantities.
  spec('a duration without a unit', 'for: 90s', 'for: 90', 'missing-unit:20'),
  spec('a percentage without its sign', 'objective: 99.9%', 'objective: 99.9', 'missing-unit:37'),
  spec('a rate without a unit', 'login: 24/s', 'login: 24', 'missing-unit:15'),
  spec('a factor without x', 'load: 2.5x', 'load: 2.5', 'missing-unit:20'),
  spec('syncs without the word', 'decidesWithin: 3 syncs', 'decidesWithin: 3', 'missing-unit:33'),
  spec('a witness rate above zero without a unit', 'becomes: 0,', 'becomes: 3,', 'missing-unit:28'),
  spec('a unit of another sort', 'ramp: 10s', 'ramp: 10%', 'wrong-value:20'),
  spec('a negative duration', 'at: 30s', 'at: -30s', 'wrong-value:25'),
  spec('a rate of nothing', 'bet: 14/s', 'bet: 0/s', 'out-of-range:15'),
  spec('an objective that nothing can prove', 'objective: 99.85%', 'objective: 100%', 'out-of-range:38'),
  spec('more than all pods', 'pods: 50%', 'pods: 150%', 'out-of-range:17'),
  spec('a phase of no length', 'for: 20s', 'for: 0s', 'out-of-range:19'),
  spec('a number too long for any computer', 'login: 24/s', `login: ${'9'.repeat(400)}/s`, 'out-of-range:15'),
  spec('not a number', 'zones: 1}', 'zones: .nan}', 'wrong-value:17'),

  // YAML itself.
  spec('a key twice', '  blastRadius:', '  load: {}\n  blastRadius:', 'duplicate-key:17'),
  spec('two documents', '  guardrails:', '---\n  guardrails:', 'several-documents:41'),
  spec('a tab', '    script:', '\tscript:', 'yaml-syntax:14'),
  spec('a quote that never ends', 'hypothesis: When', 'hypothesis: "When', 'yaml-syntax:43'),
  spec('an alias to nothing', 'script: promo-peak.ts', 'script: *script', 'yaml-syntax:14', 'wrong-type:14'),
  spec('a tag', 'zones: 1', 'zones: !one 1', 'yaml-syntax:17', 'wrong-type:17'),

  // What must hold between the parts.
  spec('two phases of one name', 'phase: recovery', 'phase: baseline', 'duplicate-name:21'),
  spec('a fault in no phase', 'during: promo peak', 'during: promo peek', 'unknown-phase:24'),
  spec('an autoscaler in no phase', 'on: promo peak', 'on: half-time', 'unknown-phase:33'),
  spec('a fault that outlasts its phase', 'for: 25s', 'for: 70s', 'fault-outlasts-phase:26'),
  spec(
    'a fault before any traffic',
    'during: promo peak\n      at: 30s',
    'during: baseline\n      at: 0s',
    'fault-outlasts-phase:26',
  ),
  [
    'a fault at the very start',
    REHEARSAL,
    [
      ['phase: baseline, ramp: 5s, for: 20s', 'phase: baseline, for: 40s'],
      ['during: promo peak\n      at: 30s', 'during: baseline\n      at: 2s'],
    ],
    ['fault-too-early:23'],
  ],
  [
    'two faults of one witness at one time',
    REHEARSAL,
    [['  expect:\n    - autoscaler', `${secondFault('at: 50s', 'psp-a')}  expect:\n    - autoscaler`]],
    ['faults-overlap:37'],
  ],
  spec('a witness slower than the fault', 'within: 2s', 'within: 25s', 'expectation-unobservable:28'),
  spec(
    'a failover slower than the fault',
    'to: psp-b, within: 10s',
    'to: psp-b, within: 30s',
    'expectation-unobservable:30',
  ),
  spec('a failover to where it came from', 'to: psp-b', 'to: psp-a', 'wrong-value:30'),
  spec(
    'a recovery after the end',
    'slo: deposit, within: 10s',
    'slo: deposit, within: 10m',
    'expectation-unobservable:31',
  ),
  spec('a recovery of what has no objective', 'slo: deposit', 'slo: bet', 'unknown-sli:31'),
  spec(
    'an autoscaler with more time than its phase',
    'readyWithin: 30s',
    'readyWithin: 3m',
    'expectation-unobservable:33',
  ),
  spec('an autoscaler where the load falls', 'on: promo peak', 'on: recovery', 'expectation-unobservable:33'),
  spec('an indicator that nobody feeds', 'sli: login', 'sli: logins', 'unknown-sli:37'),
  spec('round trips without sockets', '    sockets: {population: 100, lifetime: 60s}\n', '', 'unknown-sli:39'),
  spec('a guardrail on nothing', 'sli: deposit, below', 'sli: payout, below', 'unknown-sli:42'),
  spec('a ceiling under the target', 'ceiling: 400ms', 'ceiling: 200ms', 'ceiling-below-target:39'),
  spec('a ceiling without a latency', 'objective: 99.9%', 'objective: 99.9%, ceiling: 1s', 'wrong-value:37'),
  spec('an objective without a measure', ', objective: 99.9%', '', 'missing-key:37'),
  spec('an objective with two measures', 'p95: 120ms', 'p95: 120ms, p99: 1s', 'wrong-value:40'),
  spec(
    'the same objective twice',
    'sli: deposit, objective: 99.85%',
    'sli: login, objective: 99.85%',
    'unknown-sli:31',
    'duplicate-name:38',
  ),
  spec(
    'a part with another limit than its union',
    '{sli: login, objective: 99.9%}',
    '{sli: login, p95: 100ms}',
    'wrong-value:37',
  ),

  // Files that are named.
  spec('a script that is not there', 'script: promo-peak.ts', 'script: promo-peek.ts', 'file-missing:14'),
  spec('a chaos file that is not there', '../chaos/psp-down.yaml', '../chaos/psp-up.yaml', 'file-missing:27'),
  spec('a namespace less than the chaos file needs', '[casino, providers]', '[casino]', 'outside-blast-radius:22'),

  // Everything at once.
  [
    'many mistakes in one file',
    REHEARSAL,
    [
      ['kind: Rehearsal', 'kind: rehearsal'],
      ['login: 24/s', 'login: 24'],
      ['ramp: 10s', 'rampp: 10s'],
      ['during: promo peak', 'during: promo'],
      ['ceiling: 400ms', 'ceiling: 200ms'],
      ['below: 90%', 'below: ninety'],
    ],
    [
      'wrong-value:7',
      'missing-unit:15',
      'unknown-key:20',
      'unknown-phase:24',
      'ceiling-below-target:39',
      'wrong-value:42',
    ],
  ],
]

export const brokenChaos: readonly Row[] = [
  chaos('two documents', '  duration: 60s', '  duration: 60s\n---\nkind: Other', 'several-documents:25'),
  chaos('a kind that makes no fault', 'kind: NetworkChaos', 'kind: Workflow', 'wrong-value:5'),
  chaos('a mistyped kind', 'kind: NetworkChaos', 'kind: NetworkChoas', 'wrong-value:5'),
  chaos('another API', 'chaos-mesh.org/v1alpha1', 'litmuschaos.io/v1', 'wrong-value:4'),
  chaos('a mistyped field', 'action: partition', 'acton: partition', 'chaos-rejected:13'),
  chaos('an action that does not exist', 'action: partition', 'action: explode', 'chaos-rejected:13'),
  chaos('a mode without its value', 'mode: all', 'mode: fixed', 'chaos-rejected:13'),
  chaos('a duration that Go can not read', 'duration: 60s', 'duration: 60x', 'chaos-rejected:24'),
  chaos('a foreign namespace', 'namespaces: [casino]', 'namespaces: [kube-system]', 'outside-blast-radius:17'),
  chaos('a foreign namespace of its own', 'namespace: casino', 'namespace: default', 'outside-blast-radius:8'),
  chaos(
    'a partition without a target',
    '  target:\n    mode: all\n    selector:\n      namespaces: [providers]\n      labelSelectors: {app.kubernetes.io/name: psp-a}\n',
    '',
    'chaos-doubtful:11',
    'chaos-doubtful:13',
  ),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the mistake
  chaos('a placeholder', '  duration: 60s', "  externalTargets: ['${psp-a}']", 'chaos-doubtful:24'),
  chaos('a draw that may be empty', 'mode: all', "mode: random-max-percent\n  value: '50'", 'chaos-doubtful:15'),
  chaos('a finalizer of its own', 'name: psp-down', 'name: psp-down\n  finalizers: [x]', 'unknown-key:8'),
]

export const brokenTargets: readonly Row[] = [
  one('a mistyped key', TARGET, ['  hpaSync:', '  hpaSynch:'], 'unknown-key:11'),
  one('a mistyped key of a source', TARGET, ['      port: 8080', '      prot: 8080'], 'unknown-key:17'),
  one('no entry', TARGET, ['  entry: http://127.99.0.1:8080\n', ''], 'missing-key:8'),
  one('an entry that is no URL', TARGET, ['http://127.99.0.1:8080', '127.99.0.1:8080'], 'wrong-value:10'),
  one('a port beyond the last', TARGET, ['port: 8080', 'port: 80800'], 'out-of-range:17'),
  one('a factor without x', TARGET, ['loadFactor: 1x', 'loadFactor: 1'], 'missing-unit:12'),
  one('a source without metrics', TARGET, ['metrics: [psp_requests_total]', 'metrics: []'], 'missing-key:18'),
  one(
    'a name for an address',
    TARGET,
    ['  books:', '  addresses: {psp-a: [psp-a.example.com]}\n  books:'],
    'wrong-value:44',
  ),
]

function secondFault(at: string, witness: string): string {
  return [
    '    - name: psp-a down again',
    '      during: promo peak',
    `      ${at}`,
    '      for: 20s',
    '      apply: ../chaos/psp-down.yaml',
    `      witness: {rate: psp_requests_total, of: ${witness}, becomes: 0, within: 2s}`,
    '',
  ].join('\n')
}
