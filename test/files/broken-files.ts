/** One row, one mistake: what is edited in the stock files, and the code and line of each issue that it must give. */
import { CHAOS, type Edit, EVERYTHING, REHEARSAL, TARGET } from './stock.ts'

export type Row = readonly [title: string, file: string, edits: readonly Edit[], issues: readonly string[]]

const one = (title: string, file: string, edit: Edit, ...issues: readonly string[]): Row => [
  title,
  file,
  [edit],
  issues,
]
const spec = (title: string, from: string, to: string, ...issues: readonly string[]): Row =>
  one(title, REHEARSAL, [from, to], ...issues)
const every = (title: string, from: string, to: string, ...issues: readonly string[]): Row =>
  one(title, EVERYTHING, [from, to], ...issues)
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
  spec('a curve that ends before the timeline', 'login: 24/s', 'login: {curve: short.csv}', 'curve-too-short:15'),

  every(
    'a state of a phase that is not there',
    'at: maximum, on: promo peak',
    'at: maximum, on: noon',
    'unknown-phase:96',
  ),
  every('a state that no autoscaler has', 'at: maximum', 'at: minimum', 'wrong-value:96'),
  every(
    'a state that stands there twice',
    '    - {autoscaler: payments-api, at: maximum, on: promo peak}\n',
    '    - {autoscaler: payments-api, at: maximum}\n    - {autoscaler: payments-api, at: maximum}\n',
    'duplicate-name:97',
  ),
  every('people of whom nothing is expected', '- human: {declared: 1m}', '- human: {}', 'missing-key:77'),
  every(
    'people who have more time than the run',
    '- human: {declared: 1m}',
    '- human: {declared: 1h}',
    'expectation-unobservable:77',
  ),
  every('a runbook that outlasts the run', 'within: 2m}', 'within: 2h}', 'expectation-unobservable:54'),
  every('a step that stands there twice', '[call the owner, scale up]', '[scale up, Scale  up]', 'duplicate-name:54'),

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
    'unknown-sli:44',
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
  spec('two documents', '  guardrails:', '---\n  guardrails:', 'unknown-sli:39', 'several-documents:41'),
  spec('a tab', '    script:', '\tscript:', 'yaml-syntax:14'),
  spec('a quote that never ends', 'hypothesis: When', 'hypothesis: "When', 'yaml-syntax:45'),
  spec('an alias to nothing', 'script: promo-peak.ts', 'script: *script', 'yaml-syntax:14', 'wrong-type:14'),
  spec('a tag', 'zones: 1', 'zones: !one 1', 'yaml-syntax:17', 'wrong-type:17'),

  // What must hold between the parts.
  spec('two phases of one name', 'phase: recovery', 'phase: baseline', 'duplicate-name:21'),
  spec('a fault in no phase', 'during: promo peak', 'during: promo peek', 'unknown-phase:24'),
  spec('an autoscaler in no phase', 'on: promo peak', 'on: half-time', 'unknown-phase:33'),
  spec(
    'a gate before its phase',
    'for: 25s',
    'for: 25s\n      gate: owner\n      gateOpens: 31s',
    'gate-outside-phase:27',
  ),
  spec('a fault with neither a time nor a trigger', '      at: 30s\n', '', 'missing-key:23'),
  spec(
    'a fault with a time and a trigger',
    'at: 30s',
    'at: 30s\n      when: {autoscaler: payments-api, by: 30s}',
    'wrong-value:26',
  ),
  spec(
    'a trigger whose deadline is before it is armed',
    'at: 30s',
    'when: {autoscaler: payments-api, from: 30s, by: 30s}',
    'out-of-range:25',
  ),
  spec(
    'a triggered fault that outlasts its phase if its trigger fires at the deadline',
    'at: 30s',
    'when: {autoscaler: payments-api, by: 70s}',
    'fault-outlasts-phase:26',
  ),
  spec(
    'a trigger without a value',
    'at: 30s',
    'when: {rate: psp_requests_total, of: psp-a, by: 30s}',
    'missing-key:25',
  ),
  spec(
    'a trigger with a rise and a fall',
    'at: 30s',
    'when: {rate: psp_requests_total, of: psp-a, rises: 9/s, falls: 5/s, by: 30s}',
    'wrong-value:25',
  ),
  spec(
    'a gate before a trigger that is armed with its phase',
    'at: 30s',
    'when: {autoscaler: payments-api, by: 30s}\n      gate: owner',
    'gate-outside-phase:26',
  ),
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
  spec(
    'round trips without sockets',
    '    sockets: {population: 100, lifetime: 60s, sli: ws-rtt}\n',
    '',
    'unknown-sli:39',
  ),
  spec('a union of what nobody feeds', 'union: [login, ', 'union: [logins, ', 'unknown-sli:44'),
  spec(
    'a union that has samples of its own',
    '    api: {union',
    '    login: {union',
    'unknown-sli:39',
    'duplicate-name:44',
  ),
  spec(
    'a refusal of what nobody tries',
    '    api: {union',
    '    forged: {refusal: true}\n    api: {union',
    'unknown-sli:44',
  ),
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

const drainOf = 'drain: {pool: api, atMost: 1}'

/** Edits of the file that has one of everything. */
export const brokenActions: readonly Row[] = [
  every('a posture of nowhere', 'posture: {namespaces: [casino, providers], ', 'posture: {', 'missing-key:76'),
  every('a want that nobody knows', 'checks: [default-deny, ', 'checks: [default-denial, ', 'wrong-value:76'),
  every(
    'a want that stands twice',
    'checks: [default-deny, ',
    'checks: [default-deny, default-deny, ',
    'duplicate-name:76',
  ),
  every(
    'a namespace that stands twice',
    'namespaces: [casino, providers], checks',
    'namespaces: [casino, casino], checks',
    'duplicate-name:76',
  ),
  every('an action that does nothing', `      ${drainOf}\n`, '', 'missing-key:47'),
  every('an action that does two things', drainOf, `${drainOf}\n      rollout: {deployment: wallet}`, 'wrong-value:47'),
  every('a release without a rollback', 'for: 10s, release', 'release', 'missing-key:61'),
  every(
    'a release of nothing',
    ",\n        image: {wallet: 'registry.example/wallet:2'}, annotations: {checksum/config: 3f1c}}}",
    '}}',
    'missing-key:61',
  ),
  every(
    'a release that has more time than it lasts',
    'within: 8s, roll',
    'within: 12s, roll',
    'expectation-unobservable:61',
  ),
  every('a rollback after the end', 'rollBackWithin: 20s', 'rollBackWithin: 20m', 'expectation-unobservable:61'),
  every('a release of no container', 'image: {wallet:', 'image: {Wallet Pod:', 'wrong-value:62'),
  every('a shape of release that nobody knows', 'release: {', 'release: {shape: sideways, ', 'wrong-value:61'),
  every('a mistyped act', 'powerOff:', 'poweroff:', 'missing-key:53', 'unknown-key:53'),
  every('a drain of all nodes', drainOf, 'drain: {atMost: 1}', 'missing-key:50'),
  every('an effect that does not exist', 'effect: NoSchedule', 'effect: NoScheduling', 'wrong-value:46'),
  every('a taint without a key', 'key: matchday.dev/zone-lost, ', '', 'missing-key:46'),
  every(
    'a scaling of two workloads',
    '{deployment: wallet, replicas',
    '{deployment: wallet, statefulSet: db, replicas',
    'unknown-key:54',
  ),
  every('a scaling without a number', 'deployment: wallet, replicas: 1', 'deployment: wallet', 'missing-key:54'),
  every('a flag that is no text', "value: 'off'", 'value: false', 'wrong-type:63'),
  every('an action in no phase', 'during: recovery\n      at: 1s', 'during: recovry\n      at: 1s', 'unknown-phase:57'),
  every(
    'an action that outlasts its phase',
    'at: 5s, for: 5s, scale: {deployment',
    'at: 5s, for: 5m, scale: {deployment',
    'action-outlasts-phase:54',
  ),
  every(
    'an action that begins after its phase',
    'at: 70s\n      drain',
    'at: 95s\n      drain',
    'action-outlasts-phase:47',
  ),
  every('an action named like a fault', 'name: zone-c dark', 'name: psp-a down', 'duplicate-name:53'),
  every(
    'a completion of a fault',
    '- undisturbed: {sli: login, bad: 0}',
    '- completes: {within: 5s}',
    'reaction-misplaced:28',
  ),
  every(
    'a promotion by a flag',
    "value: 'off'}}",
    "value: 'off'}, expect: [{promotes: {database: wallet-db, slo: deposit, rto: 5s}}]}",
    'reaction-misplaced:63',
  ),
  every(
    'a promotion of another database',
    'promotes: {database: wallet-db',
    'promotes: {database: bets-db',
    'reaction-misplaced:70',
  ),
  every('a promotion of what has no objective', 'slo: deposit, rto', 'slo: bet, rto', 'unknown-sli:70'),
  every('a promotion that takes longer than the run', 'rto: 20s', 'rto: 20m', 'expectation-unobservable:70'),
  every('a completion after the undo', 'at: 70s\n', 'at: 70s\n      for: 20s\n', 'expectation-unobservable:53'),
  every(
    'a completion after the end',
    '- completes: {within: 30s}',
    '- completes: {within: 30m}',
    'expectation-unobservable:52',
  ),
  every(
    'a recovery from what is undone at the end only',
    '- completes: {within: 30s}',
    '- recovers: {slo: login, within: 10s}',
    'expectation-unobservable:52',
  ),
  every('a spreading after the end', 'zones: 3, within: 30s', 'zones: 3, within: 30m', 'expectation-unobservable:44'),
  every(
    'survivors that are counted too late',
    'ready: 2, within: 10s',
    'ready: 2, within: 20s',
    'expectation-unobservable:43',
  ),
  every(
    'a breaker slower than the fault',
    'becomes: 1/s, within: 10s',
    'becomes: 1/s, within: 25s',
    'expectation-unobservable:26',
  ),
  every(
    'players who reconnect after the end',
    'share: 99%, within: 20s',
    'share: 99%, within: 20m',
    'expectation-unobservable:42',
  ),
  every(
    'players without sockets',
    '    sockets: {population: 60, lifetime: 60s, sli: ws-rtt}\n',
    '',
    'expectation-unobservable:41',
  ),
  every('a herd without a unit', 'thunderingHerd: 30/s', 'thunderingHerd: 30', 'missing-unit:42'),
  every('an amplification without a unit', 'atMost: 1.5x', 'atMost: 1.5', 'missing-unit:27'),
  every(
    'a disturbance of what nobody feeds',
    'undisturbed: {sli: login',
    'undisturbed: {sli: logins',
    'unknown-sli:28',
  ),
  every('an unknown reaction', '- survives:', '- survive:', 'unknown-key:43'),
  every('a witness by services', 'ready: pods', 'ready: services', 'wrong-value:40'),
  every('a node of an app', 'ready: pods', 'ready: nodes', 'wrong-value:40'),
  every('a witness that falls and rises', 'rises: 5/s', 'rises: 5/s, becomes: 0', 'unknown-key:34'),
  every('a label that can not be one', 'where: {outcome: error}', 'where: {out-come: error}', 'wrong-value:34'),
  every(
    'two faults of one series at one time',
    'at: 60s\n      for: 10s',
    'at: 50s\n      for: 10s',
    'faults-overlap:34',
  ),
  every(
    'a scaled object in no phase',
    'name: payout-worker, on: promo peak',
    'name: payout-worker, on: peak',
    'unknown-phase:73',
  ),
  every(
    'a scaled object that wakes up too late',
    'activatesWithin: 10s',
    'activatesWithin: 3m',
    'expectation-unobservable:73',
  ),
  every(
    'a scaled object that rests after the end',
    'idleWithin: 60s',
    'idleWithin: 70s',
    'expectation-unobservable:73',
  ),
  every(
    'an autoscaler that calms down after the end',
    'calms: {within: 50s',
    'calms: {within: 70s',
    'expectation-unobservable:72',
  ),
  every('a burn rate without its x', 'burns: 100x', 'burns: 100', 'missing-unit:84'),
  every('a burn rate without a short window', ', and: 5s', '', 'missing-key:84'),
  every('a short window that is not shorter', 'and: 5s', 'and: 30s', 'wrong-value:84'),
  every('a burn rate of what has no budget', 'sli: deposit, burns', 'sli: api, burns', 'unknown-sli:84'),
]

export const brokenChaos: readonly Row[] = [
  chaos(
    'two experiments',
    '  duration: 60s',
    '  duration: 60s\n---\napiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos',
    'several-documents:25',
  ),
  chaos('a kind that makes no fault', 'kind: NetworkChaos', 'kind: JVMChaos', 'wrong-value:5'),
  chaos('a Schedule without an experiment', 'kind: NetworkChaos', 'kind: Schedule', 'wrong-value:12'),
  chaos('a Workflow without an experiment', 'kind: NetworkChaos', 'kind: Workflow', 'several-documents:12'),
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
  chaos(
    'no selector',
    `  selector:\n    namespaces: [casino]\n    labelSelectors: {app.kubernetes.io/name: payments-api}\n`,
    '',
    'chaos-doubtful:13',
  ),
  chaos(
    'a behaviour of partitions without a partition',
    'action: partition',
    'action: delay\n  delay: {latency: 50ms}\n  partitionBehavior: drop',
    'chaos-doubtful:15',
  ),
  chaos('a finalizer of its own', 'name: psp-down', 'name: psp-down\n  finalizers: [x]', 'unknown-key:8'),
]

const QUERIES = `scrapeInterval: 15s, sources: {carrier: {calls_total: 'calls_total'}}`

const accepting = (title: string, cause: string, until: string, issue: string): Row =>
  one(
    title,
    TARGET,
    ['  books:', `  acceptedFindings: [{cause: ${cause}, owner: team-a, reason: known, until: ${until}}]\n  books:`],
    issue,
  )

export const brokenTargets: readonly Row[] = [
  one('a mistyped key', TARGET, ['  hpaSync:', '  hpaSynch:'], 'unknown-key:11'),
  one('a mistyped key of a source', TARGET, ['      port: 8080', '      prot: 8080'], 'unknown-key:17'),
  one('no entry', TARGET, ['  entry: http://127.99.0.1:8080\n', ''], 'missing-key:8'),
  one('an entry that is no URL', TARGET, ['http://127.99.0.1:8080', '127.99.0.1:8080'], 'wrong-value:10'),
  one(
    'a Prometheus in two places',
    TARGET,
    ['  books:', `  prometheus: {service: {namespace: m, name: p, port: 9090}, url: 'http://p', ${QUERIES}}\n  books:`],
    'wrong-value:49',
  ),
  ...(
    [
      ['a token in the file', 'bearer: hush-hush', 'wrong-type:49'],
      ['a password in the file', "basic: 'user:hush-hush'", 'wrong-type:49'],
      ['a token of digits', 'bearer: 4711004711', 'wrong-type:49'],
      ['a token instead of a variable', 'bearer: {env: hush-hush}', 'wrong-value:49'],
      ['a token instead of a file', "bearer: {file: ' hush-hush'}", 'wrong-value:49'],
      ['a token instead of a key', 'bearer: {hush-hush: x}', 'unknown-key:49'],
      ['a token under a key', 'bearer: {token: hush-hush}', 'unknown-key:49'],
    ] as const
  ).map(([mistake, login, code]) =>
    one(mistake, TARGET, ['  books:', `  prometheus: {url: 'http://p', ${login}, ${QUERIES}}\n  books:`], code),
  ),
  ...(
    [
      ['a login in the URL of a Prometheus', 'http://user:hush-hush@p'],
      ['a token in the URL of a Prometheus', 'http://p?token=hush-hush'],
    ] as const
  ).map(([mistake, url]) =>
    one(mistake, TARGET, ['  books:', `  prometheus: {url: '${url}', ${QUERIES}}\n  books:`], 'wrong-value:49'),
  ),
  one(
    'a URL with a login for the whole Prometheus',
    TARGET,
    ['  books:', "  prometheus: 'http://user:hush-hush@p?token=hush-hush'\n  books:"],
    'wrong-type:49',
  ),
  ...[
    'http://user:hush-hush@shop',
    'user:hush-hush@shop',
    'http://shop/?token=hush-hush',
    'http://shop/#hush-hush',
  ].map((entry) =>
    one(`an entry with a credential, ${entry}`, TARGET, ['http://127.99.0.1:8080', `'${entry}'`], 'wrong-value:10'),
  ),
  one(
    'a source of pods and of Prometheus',
    TARGET,
    ['  books:', `  prometheus: {url: 'http://p', ${QUERIES.replace('carrier', 'psp-a')}}\n  books:`],
    'duplicate-name:49',
  ),
  one(
    'a credential of the load in the file',
    TARGET,
    ['  books:', '  credentials: {SHOP_TOKEN: hush-hush}\n  books:'],
    'wrong-type:49',
  ),
  one('a port beyond the last', TARGET, ['port: 8080', 'port: 80800'], 'out-of-range:17'),
  one('a database of no kind', TARGET, ['      plural: configmaps\n', ''], 'missing-key:56'),
  one('a field that is no path', TARGET, ['desired: data.primary', 'desired: data..primary'], 'wrong-value:60'),
  one('a factor without x', TARGET, ['loadFactor: 1x', 'loadFactor: 1'], 'missing-unit:12'),
  one('a source without metrics', TARGET, ['metrics: [psp_requests_total]', 'metrics: []'], 'missing-key:18'),
  accepting('an accepted finding of no cause', 'slo-mised', '2026-12-31', 'unknown-cause:49'),
  accepting('accepted money', 'double-charge', '2026-12-31', 'not-acceptable:49'),
  accepting('an accepted finding without its last day', 'slo-missed', 'soon', 'wrong-value:49'),
  one(
    'a name for an address',
    TARGET,
    ['  books:', '  addresses: {psp-a: [psp-a.example.com]}\n  books:'],
    'wrong-value:49',
  ),
  one(
    'an endpoint without a port',
    TARGET,
    ['  books:', '  endpoints: {psp-a: [203.0.113.7]}\n  books:'],
    'wrong-value:49',
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
