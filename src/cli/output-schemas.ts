/**
 * What `-o json` prints, as JSON Schemas: docs/output/ is made from this file. Each document has `format`, which grows when a field changes its
 * meaning or goes away. New fields may come without that, so readers must ignore fields that they do not know; the tests do not
 * (`test/cli/output.test.ts`).
 */

import { z } from 'zod'
import { decisionKinds, noteKinds } from '../domain/people.ts'

const whole = z.int()
const count = whole.min(0)
const text = z.string()
const flag = z.boolean()
const texts = z.array(text)
/** JSON has no infinity: it is null. */
const amount = z.number().nullable()
const ms = z.number().describe('milliseconds')
const instant = z.number().describe('milliseconds since 1970')
const share = z.number().describe('a share: 1 is all')
const format = z.literal(1).describe('version of this document')
const strict = z.strictObject
const optional = <T extends z.ZodType>(type: T) => type.optional()

const issue = strict({
  at: strict({ file: text.describe('a file, or a flag'), line: count, column: count }).describe('0: the whole file'),
  code: text.describe('stable; scripts may match on it'),
  problem: text,
  next: text,
})

const cause = text.describe('stable; docs/glossary.md lists all')
const finding = strict({
  weight: z.enum(['breach', 'gap', 'accepted', 'warning']),
  cause,
  subject: text,
  sentence: text,
  next: text,
  evidence: z.array(count).describe('lines of journal.ndjson'),
  follows: optional(strict({ cause, subject: text })),
  acceptance: optional(
    strict({
      owner: text,
      reason: text,
      until: text.describe('last day on which it is accepted, in UTC: YYYY-MM-DD'),
      daysLeft: whole.describe('from the day of the run; negative: it has expired, and the finding stands'),
    }),
  ).describe('who accepted the finding in the target file'),
})

const counts = strict({
  attempts: count,
  good: count,
  bad: count,
  slow: count,
  overCeiling: count,
  neverRan: count,
  quantileMs: optional(ms),
  p99Ms: optional(ms),
})

const slo = strict({
  sli: text,
  kind: z.enum(['availability', 'latency']),
  objective: share,
  targetMs: optional(ms),
  ceilingMs: optional(ms),
  judgedAtMs: optional(ms).describe(
    'the bucket bound at which the limit is judged, where latencies are counted in buckets',
  ),
  prometheus: optional(strict({ of: text, everyMs: ms, buckets: flag, unseen: optional(count) })).describe(
    'the source of the Prometheus that counted it; absent where k6 did',
  ),
  state: z.enum(['proven', 'proven-with-warning', 'unproven', 'missed', 'no-evidence']),
  whole: counts,
  achieved: optional(share),
  lowerBound: optional(share),
  budgetUsed: amount,
  windows: z.array(strict({ name: text, kind: z.enum(['phase', 'fault']), fromMs: ms, toMs: ms, counts })),
})

const timed = { withinMs: ms, tookMs: optional(ms), held: flag }
const failovers = z.array(strict({ from: text, to: text, ...timed }))
const recoveries = z.array(strict({ sli: text, ...timed }))
const reactions = z.array(
  strict({ kind: text, subject: text, sentence: text, held: flag, withinMs: optional(ms), tookMs: optional(ms) }),
)
const costs = z.array(
  strict({
    sli: text,
    kind: z.enum(['availability', 'latency']),
    targetMs: optional(ms).describe('of a latency objective'),
    attempts: count,
    bad: count,
    tooSlow: count,
    budgetBurnt: amount,
    peakBurn: amount,
    detectMs: optional(ms),
    recoverMs: optional(ms),
  }),
)

const fault = strict({
  fault: text,
  state: z.enum(['proven', 'unproven', 'not-injected', 'refused', 'not-performed', 'not-reached']),
  injectedAt: optional(instant),
  witnessedAt: optional(instant),
  healedAt: optional(instant),
  pods: texts,
  coverage: optional(share),
  witness: strict({
    metric: text,
    of: text,
    before: optional(z.number()),
    during: optional(z.number()),
    sentence: text,
  }),
  failovers,
  recoveries,
  reactions,
  costs,
})

const action = strict({
  action: text,
  state: z.enum(['done', 'not-done', 'refused', 'failed', 'not-performed', 'not-reached']),
  begunAt: optional(instant),
  doneAt: optional(instant),
  healedAt: optional(instant),
  targets: texts,
  evicted: count,
  refusedEvictions: count,
  reactions,
  failovers,
  recoveries,
  costs,
})

const steps = z.array(
  strict({ name: text, at: optional(instant), afterMs: optional(ms), budgetMs: optional(ms), held: flag }),
)
const posture = z.array(strict({ namespace: text, want: text, held: flag, sentence: text }))

const ledger = strict({
  reconciled: flag,
  settled: flag,
  operations: z.array(
    strict({
      operation: text,
      client: strict({ acknowledged: count, amountCents: z.number(), refused: count, unknown: count }),
      books: z.array(
        strict({
          book: text,
          count,
          amountCents: z.number(),
          duplicates: count,
          unknownCommitted: count,
          agrees: flag,
          sentence: text,
        }),
      ),
    }),
  ),
})

const seal = z.union([
  strict({ kind: z.literal('chained'), format: count, lines: count, head: text, signedBy: optional(text) }),
  strict({ kind: z.literal('unchained'), format: count, lines: count }),
])

const verdict = strict({
  format,
  run: text,
  rehearsal: text,
  verdict: z.union([
    strict({
      kind: z.literal('pass'),
      warnings: z.array(finding),
      accepted: optional(z.array(finding).min(1)).describe('the run passes with accepted findings'),
    }),
    strict({ kind: z.literal('fail'), breaches: z.array(finding).min(1) }),
    strict({ kind: z.literal('aborted'), by: text, at: instant, gaps: z.array(finding) }),
    strict({ kind: z.literal('inconclusive'), gaps: z.array(finding).min(1) }),
  ]),
  summary: text,
  exitCode: count,
  healed: flag,
  slos: z.array(slo),
  faults: z.array(fault),
  actions: z.array(action),
  autoscalers: z.array(
    strict({
      name: text,
      phase: text,
      steps,
      peakDesired: count,
      peakReady: count,
      turns: optional(count),
      calmMs: optional(ms),
      held: flag,
    }),
  ),
  keda: z.array(strict({ scaledObject: text, phase: text, steps, peakReady: count, held: flag })),
  budgets: z.array(
    strict({
      budget: text,
      held: flag,
      lowestHealthy: optional(count),
      wantedHealthy: optional(count),
      refusedEvictions: count,
    }),
  ),
  connections: z.array(
    strict({ of: text, metric: text, highest: optional(z.number()), atMost: z.number(), held: flag }),
  ),
  posture,
  reached: optional(
    z.array(
      strict({
        state: text,
        goal: text,
        held: flag,
        at: optional(instant),
        afterMs: optional(ms),
        shown: optional(text),
      }),
    ),
  ),
  people: optional(reactions),
  alerts: optional(
    strict({
      fired: z.array(
        strict({
          alert: text,
          labels: z.record(text, text),
          is: z.enum(['expected', 'allowed', 'other', 'before']).describe('before: it was firing when the load began'),
          firedAt: instant,
          resolvedAt: optional(instant),
        }),
      ),
      others: optional(strict({ held: flag, sentence: text })),
    }),
  ),
  ledger: optional(ledger),
  generator: strict({
    trusted: flag,
    due: count,
    ran: count,
    dropped: count,
    missing: count,
    cpuCoresPeak: z.number(),
    hostBusyPeak: share,
    sentence: text,
  }),
  findings: z.array(finding),
  evidence: optional(seal),
})

const admission = strict({
  ok: flag,
  targets: texts,
  pods: texts.describe('namespace/name of the pods that may be hit'),
  candidates: count,
  limit: count,
  note: text,
  problems: z.array(issue),
})
const harm = {
  name: text,
  phase: text,
  fromMs: ms.describe('the start; with a trigger, when it is armed'),
  when: optional(strict({ sentence: text, byMs: ms, forMs: optional(ms) })).describe('the trigger, and its deadline'),
  expects: texts,
  overlaps: texts,
  admission: optional(admission),
}

const plannedSteps = strict({ sentence: text, shares: z.array(strict({ share, byMs: ms })) })

const plan = strict({
  format,
  rehearsal: text,
  file: text,
  hypothesis: text,
  context: text,
  entry: text,
  run: text,
  seed: whole,
  totalMs: ms,
  arrivals: z.number(),
  runners: optional(text.describe('pods in the cluster that make the load, and where they enter')),
  scenarios: z.array(strict({ name: text, model: z.enum(['open', 'closed']), sentence: text, warnings: texts })),
  thresholds: texts.describe('the k6 thresholds of the script'),
  phases: z.array(
    strict({
      name: text,
      fromMs: ms,
      rampEndMs: ms,
      toMs: ms,
      factor: z.number(),
      rates: z.record(text, z.number()).describe('arrivals per second, by load profile'),
      sockets: optional(z.number()),
      arrivals: z.number(),
    }),
  ),
  curves: z.array(
    strict({ profile: text, file: text, arrivals: z.number(), peak: z.number(), p95: z.number(), course: text }),
  ),
  faults: z.array(
    strict({
      ...harm,
      toMs: ms,
      apply: text,
      gate: optional(strict({ by: text, opensMs: ms })),
      creates: text,
      witness: text,
    }),
  ),
  actions: z.array(
    strict({
      ...harm,
      toMs: optional(ms),
      does: text,
      steps: optional(plannedSteps),
      undone: text,
      ends: z.enum(['undone', 'ended, unless it is complete']),
    }),
  ),
  objectives: z.array(
    strict({
      slo: z.looseObject({ sli: text, kind: text }),
      expected: optional(z.number()),
      needed: amount,
      badAllowed: optional(z.number()),
      sentence: text,
      provable: flag,
      counted: optional(text).describe('the series of the Prometheus that counts it; absent where k6 does'),
    }),
  ),
  expectations: texts,
  reaches: texts.describe('states without which the run is too easy'),
  guardrails: texts,
  accepted: texts.describe('findings that the target file accepts on the day of the plan'),
  warnings: texts,
})

const sight = strict({
  kind: z.enum(['source', 'book']),
  name: text,
  state: z.enum(['read', 'nobody', 'unreadable']),
  issue: optional(issue),
})

const check = strict({
  format,
  context: text,
  posture,
  findings: z.array(finding.omit({ evidence: true })),
  sights: z.array(sight),
  issues: z.array(issue),
  provisions: z.array(
    strict({ item: text, state: z.enum(['there', 'missing', 'unknown']), sentence: text, next: optional(text) }),
  ),
  notMade: z
    .array(
      strict({
        want: text.describe('the check, as in --want'),
        namespace: optional(text).describe('absent: in all namespaces'),
        why: z
          .enum(['not-asked', 'unread', 'untried'])
          .describe(
            'not asked for; something could not be read or found out; a part of what the check tries was not tried',
          ),
        reason: text,
      }),
    )
    .describe('checks, or parts of them, that were not made'),
  questions: texts,
})

const heal = strict({
  format,
  healed: z.array(
    strict({
      id: text,
      run: text,
      outcome: z.enum(['undone', 'already-gone', 'completed']).describe('completed: there was no way back'),
      note: optional(text).describe('of a cutover: which region accepts writes'),
    }),
  ),
  problems: texts,
  left: z.array(z.looseObject({ what: text, where: text })),
})

const margin = strict({ latency: share, rate: optional(share) })
const release = strict({
  name: text,
  entry: text,
  rolledOut: optional(
    strict({ deployment: text, images: z.record(text, text), annotations: z.record(text, text) }).describe(
      'rolled out to a Deployment before it was measured',
    ),
  ),
  runs: optional(texts),
})
const measure = strict({
  sli: text,
  kind: z.enum(['latency', 'rate']).describe('latency: compared as a ratio; rate: as a difference of shares'),
  statistic: text,
  gates: flag,
  state: z.enum(['regressed', 'not-worse', 'undecided']),
  a: optional(z.number()),
  b: optional(z.number()),
  estimate: optional(z.number().describe('B / A for a latency, B - A for a rate')),
  interval: optional(z.tuple([z.number(), z.number()]).describe('90 %, two-sided')),
  pairs: count,
  sd: optional(z.number().describe('spread of a pair: of the log ratio, or of the difference')),
  pWorse: optional(share),
  pNotWorse: optional(share),
  margin: z.number(),
  smallest: optional(z.number().describe('smallest loss that is found in 4 of 5 cases: 0.08 is 8 % slower')),
  pairsMore: optional(count),
  values: z.array(strict({ pair: count, a: z.number(), b: z.number() })),
})

const comparison = strict({
  format,
  rehearsal: text,
  run: optional(text),
  a: release,
  b: release,
  unit: z.enum(['pairs', 'duet', 'runs']),
  aa: flag,
  outcome: z.enum(['regressed', 'not-worse', 'undecided']),
  summary: text,
  exitCode: count,
  pairs: count,
  pairsMost: count,
  voidPairs: z.array(strict({ pair: count, reasons: texts })),
  rules: strict({
    alpha: share,
    worse: strict({ latency: share, rate: share }),
    margin,
    margins: z.record(text, margin.partial()),
  }),
  objectives: z.array(measure),
  others: z.array(measure),
  reactions: z.array(
    strict({ what: text, unit: z.enum(['ms', 'share']), a: z.array(z.number()), b: z.array(z.number()) }),
  ),
  pairsMore: optional(count),
  gaps: texts,
  limits: texts,
})

const gate = strict({
  format,
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'running']).describe('running: ask again'),
  reason: text.describe('at most 500 characters'),
  run: optional(text).describe('missing if no run fits what was asked'),
  rehearsal: optional(text),
  acceptedFindings: optional(count).describe(
    'findings that the target file accepts; without them the run would have failed',
  ),
})

const issues = strict({
  format,
  exitCode: whole,
  issues: z.array(issue.partial({ at: true })).min(1),
})

const report = strict({
  format,
  folder: text,
  // A search for capacity has a page and JSON alone.
  reports: strict({ html: text, markdown: text.optional(), junit: text.optional(), verdict: text }),
})

const history = strict({
  format,
  rehearsal: text,
  page: text,
  runs: z.array(strict({ run: text, folder: text, startedAt: instant, verdict: text, summary: text })),
  trends: z.array(
    strict({
      sli: text,
      objective: text,
      unit: z.enum(['ms', 'share']),
      limit: z.number(),
      points: z.array(strict({ run: text, value: optional(z.number()), state: optional(text) })),
    }),
  ),
})

const list = strict({
  format,
  folder: text,
  runs: z.array(
    strict({
      run: text,
      folder: text,
      rehearsal: optional(text),
      context: optional(text),
      startedAt: optional(instant),
      durationMs: optional(ms),
      verdict: optional(text),
      exitCode: optional(count),
    }),
  ),
})
const notify = strict({
  format,
  folder: text,
  webhooks: z.array(
    strict({
      form: z.enum(['cloudevents', 'slack']),
      sent: count.describe('delivered now'),
      outstanding: count,
      problem: optional(text),
    }),
  ),
})
const publishedRun = strict({
  format,
  folder: text,
  receivers: z.array(
    strict({
      receiver: z.enum(['remoteWrite', 'grafana']),
      sent: count.describe('requests that arrived now'),
      refused: count.describe('requests that the receiver will never take'),
      outstanding: count,
      problem: optional(text),
    }),
  ),
})
const open = strict({ format, report: text, opened: flag.describe('false: there is no display here') })

const tools = strict({
  format,
  tools: z.record(
    text,
    strict({ name: text, path: text, version: text, source: z.enum(['given', 'path', 'cache', 'built']) }),
  ),
})

const cleaned = strict({
  format,
  dryRun: flag.describe('true: nothing was removed'),
  freedBytes: count,
  removed: z.array(
    strict({ what: z.enum(['compiled packages', 'old program', 'abandoned build']), path: text, bytes: count }),
  ),
  inUse: z.array(strict({ path: text, pid: count })).describe('old programs that stay, because a process runs them'),
  chosenCache: optional(text).describe('the GOCACHE that the user chose; it is left alone'),
})

const init = strict({
  format,
  context: text,
  namespace: text,
  rehearsal: text,
  files: texts.describe('the files that were written'),
  decisions: z.array(strict({ file: text, line: count, question: text })).describe('lines marked with DECIDE'),
  unread: z.array(strict({ what: text, namespace: text })).describe('what the login may not list'),
})

const state = z.looseObject({ root: text, kubeconfig: text })
const lab = z.union([
  strict({ format, context: text, kubeconfig: text }).describe('lab up'),
  strict({ format, done: z.enum(['keda', 'karpenter', 'stopped', 'cleaned', 'nothing']) }).describe(
    'lab keda, lab karpenter, lab down',
  ),
  strict({ format, kind: z.literal('none') }).describe('lab status'),
  strict({ format, kind: z.literal('dead'), state }).describe('lab status'),
  z
    .looseObject({ format, kind: z.literal('up'), state, status: z.looseObject({ phase: text }) })
    .describe('lab status'),
])

const use = strict({
  kind: z.enum(['autoscaler-maximum', 'pods-pending', 'node-late', 'warm-pool-empty', 'resource', 'utilization']),
  name: text,
  share: z.number(),
  sentence: text,
})
const outcomes = z.enum(['held', 'broke', 'unproven', 'generator-limit'])
const searchEnd = z.discriminatedUnion('kind', [
  strict({
    kind: z.literal('found'),
    promise: z.number(),
    odds: z.number(),
    estimate: strict({ low: z.number(), median: z.number(), high: z.number(), spread: z.number() }),
    limitedBy: z.enum(['platform', 'generator', 'max']),
    recovery: z.enum(['recovered', 'unproven', 'not-tried']),
  }),
  strict({ kind: z.literal('metastable'), overload: z.number(), load: z.number(), held: z.number() }),
  strict({ kind: z.literal('nothing-held'), lowest: z.number() }),
  strict({ kind: z.literal('generator-limit'), load: z.number() }),
  strict({
    kind: z.literal('unproven'),
    why: z.enum(['too-few-samples', 'out-of-time', 'holds-broke', 'stopped']),
    held: z.number().optional(),
    broke: z.number().optional(),
  }),
  strict({ kind: z.literal('stopped'), reason: text }),
])
const loadRow = strict({
  load: z.number(),
  perSecond: z.number(),
  purpose: z.enum(['bracket', 'bisect', 'again', 'recovery', 'repeat', 'hold']),
  overload: z.number().optional(),
  outcome: outcomes,
  reasons: z.array(text),
  atSeconds: z.number(),
  measuredSeconds: z.number(),
  objectives: z.array(strict({ name: text, objective: z.number(), answers: whole, within: whole })),
  pods: z.record(text, whole).optional(),
  nodes: whole.optional(),
  uses: z.array(use),
  cost: strict({ perHour: z.number(), per1000: z.number(), currency: text }).optional(),
})
const capacitySearch = strict({
  format,
  run: text,
  rehearsal: text,
  end: searchEnd,
  summary: text,
  withoutZone: text.optional(),
  next: text,
  promisedPerSecond: z.number().optional(),
  event: strict({ load: z.number(), headroom: z.number().optional() }).optional(),
  bottleneck: use.extend({ load: z.number() }).optional(),
  loads: z.array(loadRow),
  healed: z.boolean(),
  exitCode: whole,
}).describe('a search')

const coefficients = strict({ gamma: z.number(), alpha: z.number(), beta: z.number() })
const capacityModel = z
  .looseObject({
    format,
    of: text,
    unit: text,
    points: z.array(strict({ replicas: whole, capacity: z.number() })),
    laws: z.array(
      z.looseObject({
        law: z.enum(['linear', 'amdahl', 'usl']),
        coefficients,
        sigma: z.number(),
        refused: text.optional(),
      }),
    ),
    ceilings: z.array(strict({ name: text, capacity: z.number() })),
    forecasts: z.array(
      z.discriminatedUnion('kind', [
        strict({ kind: z.literal('range'), replicas: whole, low: z.number(), high: z.number() }),
        strict({
          kind: z.literal('ceiling'),
          replicas: whole,
          low: z.number(),
          ceiling: strict({ name: text, capacity: z.number() }),
        }),
        strict({ kind: z.literal('refused'), replicas: whole, reason: text, next: text }),
      ]),
    ),
    notes: z.array(text),
  })
  .describe('--model')

const published = (title: string, description: string, schema: z.ZodType) => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { reused: 'ref' })
  return { $schema, title, description, ...rest }
}

/** By name of the file in docs/output/. */
const tried = strict({
  format,
  script: text,
  outcome: z.enum(['completed', 'stopped', 'crashed']),
  slis: z.array(
    strict({
      sli: text,
      good: count,
      bad: count,
      badBy: z.record(text, count).describe('bad attempts by reason'),
      p95Ms: optional(ms),
      latency: z.enum(['exact', 'buckets', 'none']).describe('how latencies are counted'),
    }),
  ),
  iterations: z.record(text, count).describe('by scenario'),
  thresholds: z.array(
    strict({
      metric: text,
      expression: text,
      ok: flag,
      samples: count,
      aborted: flag,
      values: z.record(text, z.number()),
    }),
  ),
  problems: texts,
})

const written = strict({
  format,
  script: text,
  journeys: texts,
  requests: count,
  skipped: strict({ staticFiles: count, otherHosts: count }),
})

const live = strict({
  format,
  folder: text,
  state: z.enum(['running', 'over', 'gone']).describe('gone: its controller ended without its last record'),
  urls: strict({ act: text, watch: text }).describe(
    'the first may write notes and stop the run, the second only reads',
  ),
})

const spoken = {
  by: text,
  via: z.enum(['page', 'terminal']),
  role: optional(text),
  seen: optional(count),
  about: optional(text),
}
const gameday = strict({
  format,
  folder: text,
  written: z
    .union([
      strict({ kind: z.literal('note'), is: z.enum(noteKinds), text, ...spoken }),
      strict({ kind: z.literal('decision'), what: z.enum(decisionKinds), reason: optional(text), ...spoken }),
    ])
    .describe('the record, without its time'),
})

const imageArchives = strict({
  format,
  images: z.array(
    strict({
      name: text.describe('as the workload calls it'),
      reference: text.describe('with registry and tag'),
      digest: text.describe('of the manifest: what a pod names'),
      file: text.describe('the archive'),
    }),
  ),
})

export const outputSchemas: Readonly<Record<string, object>> = {
  'verdict.schema.json': published('Verdict', '`matchday run` and `matchday judge`; also verdict.json.', verdict),
  'plan.schema.json': published('Plan', '`matchday plan`', plan),
  'capacity.schema.json': published(
    'CapacityResult',
    'What `matchday capacity` prints; a search is also in capacity.json. The file that it reads has a schema in docs/.',
    z.union([capacitySearch, capacityModel]),
  ),
  'check.schema.json': published('Check', '`matchday check`', check),
  'init.schema.json': published('Init', '`matchday init`', init),
  'comparison.schema.json': published(
    'Comparison',
    '`matchday compare`, and `matchday judge` of a comparison; also comparison.json.',
    comparison,
  ),
  'gate.schema.json': published('Gate', 'The answer of `matchday judge --serve` over HTTP.', gate),
  'gameday.schema.json': published('GameDay', '`matchday gameday note` and `decide`', gameday),
  'heal.schema.json': published('Heal', '`matchday heal`', heal),
  'report.schema.json': published('Report', '`matchday report`', report),
  'history.schema.json': published('History', '`matchday history`', history),
  'live.schema.json': published('Live', '`matchday live`: one line, before the page is served', live),
  'list.schema.json': published('List', '`matchday list`', list),
  'notify.schema.json': published('Notify', '`matchday notify`', notify),
  'publish.schema.json': published('Publish', '`matchday publish`', publishedRun),
  'open.schema.json': published('Open', '`matchday open`', open),
  'toolchain.schema.json': published('Toolchain', '`matchday toolchain build`', tools),
  'toolchain-clean.schema.json': published('Cleaned toolchain', '`matchday toolchain clean`', cleaned),
  'images.schema.json': published('Images', '`matchday images build`', imageArchives),
  'lab.schema.json': published('Lab', '`matchday lab up`, `status`, `keda`, `karpenter` and `down`', lab),
  'scenario-try.schema.json': published('Tried script', '`matchday scenario try`', tried),
  'scenario-from.schema.json': published('Written script', '`matchday scenario from`', written),
  'issues.schema.json': published('Issues', 'Any command that failed without a result of its own.', issues),
}
