/** `when`: what a fault or an action waits for, instead of a fixed time. */
import type { SourcePoint } from '../domain/issue.ts'
import { overPods } from '../domain/rehearsal.ts'
import { type Begin, podTurns, type Trigger } from '../domain/trigger.ts'
import { type Millis, millis } from '../domain/units.ts'
import { metricName, name, objectName, seriesLabels, source } from './name-shapes.ts'
import { duration, percentage, rateOrZero } from './quantities.ts'
import { choosing, type Field, may, need, record, tellApart } from './record.ts'
import { integer, type Placed, placed, type Shape, word } from './shape.ts'

const RATE = rateOrZero({ min: 0, max: 1_000_000 })
const NUMBER = integer({ min: 0, max: 1_000_000_000, what: 'a number' })

const times = {
  from: may(
    placed(duration({ min: 0 })),
    "When it is armed, counted from the end of the phase's ramp as `at` is. Left out: when the phase begins, ramp included.",
  ),
  by: need(
    placed(duration({ min: 1000 })),
    "Deadline, counted from the end of the phase's ramp as `at` is. Without a trigger by then, it is not performed, and the run is inconclusive.",
  ),
}

const crossing = <T>(shape: Shape<T>, unit: string) => ({
  rises: may(shape, `${unit} that it must reach from below.`),
  falls: may(shape, `${unit} that it must reach from above.`),
})

export const when = placed(
  tellApart(
    {
      rollout: record({
        rollout: need(objectName('orders'), 'Name of the Deployment whose rollout is watched.'),
        share: need(
          percentage({ min: 0.01, max: 1, example: '50%' }),
          'Share of the pods that it wants which must run the new template.',
        ),
        ...times,
      }),
      gauge: choosing(['rises', 'falls'], {
        gauge: need(placed(metricName), 'Gauge of the pods of the source, such as a lag or the length of a queue.'),
        pods: need(word(...overPods), '`sum` where each pod shows its part, `max` where each shows the whole.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('broker'), 'Source of the gauge.'),
        ...crossing(NUMBER, 'Value'),
        ...times,
      }),
      rate: choosing(['rises', 'falls'], {
        rate: need(placed(metricName), 'Counter whose rate is watched, over 5 s.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('shop'), 'Source of the counter.'),
        ...crossing(RATE, 'Rate'),
        ...times,
      }),
      pod: record({
        pod: need(word(...podTurns), 'What happens to one pod: it ends, becomes Ready, or is no longer Ready.'),
        app: need(name('the name of an app', 'checkout'), 'App whose pods are watched.'),
        ...times,
      }),
    },
    {
      autoscaler: record({
        autoscaler: need(
          name('the name of an autoscaler', 'checkout'),
          'Name of the HorizontalPodAutoscaler that must want more pods than before.',
        ),
        ...times,
      }),
    },
  ),
)

type Of<S> = S extends Shape<infer T> ? T : never
export type WhenDraft = Of<typeof when>

/** Keys of a fault and of an action: one of them says how it begins. */
export const begins = {
  at: may(duration({ min: 0 }), "Start, counted from the end of that phase's ramp. Either this or `when`."),
  when: may(
    when,
    'What it waits for, instead of a fixed time: the load goes on meanwhile, and without the trigger it is not performed.',
  ),
} as const satisfies Record<string, Field<unknown, false>>

/** Exactly one of both, as `checks/triggers.ts` verifies. */
export const beginningOnce = <T>(shape: Shape<T>): Shape<T> => {
  const { allOf } = shape.schema
  const once = { oneOf: [{ required: ['at'] }, { required: ['when'] }] }
  return {
    schema: { ...shape.schema, allOf: [...(Array.isArray(allOf) ? allOf : []), once] },
    decode: shape.decode,
  }
}

export type BeginDraft = { readonly at?: Millis | undefined; readonly when?: WhenDraft | undefined }

/** The times alone, which a draft with other mistakes has too. One without a start is an issue already, and begins with its phase. */
export function startOf({ at, when: draft }: BeginDraft) {
  if (draft === undefined) return { atMs: at ?? millis(0) }
  const { from, by } = draft.value.value
  return { atMs: by.value, when: from === undefined ? {} : { fromMs: from.value } }
}

export function beginOf(draft: BeginDraft): Begin {
  const { atMs, when } = startOf(draft)
  if (draft.when === undefined) return { atMs }
  return { atMs, when: { trigger: triggerOf(draft.when.at, draft.when.value), ...when } }
}

function triggerOf(at: SourcePoint, { kind, value }: WhenDraft['value']): Trigger {
  switch (kind) {
    case 'autoscaler':
      return { kind, autoscaler: value.autoscaler, at }
    case 'rollout':
      return { kind, deployment: value.rollout, share: value.share, at }
    case 'pod':
      return { kind, app: value.app, turns: value.pod, at }
    case 'gauge':
      return { kind, metric: value.gauge.value, pods: value.pods, ...crossed(value), at }
    case 'rate':
      return { kind, metric: value.rate.value, ...crossed(value), at }
  }
}

type Crossed<N> = {
  readonly of: Placed<string>
  readonly where?: Readonly<Record<string, string>> | undefined
  readonly rises?: N | undefined
  readonly falls?: N | undefined
}

function crossed<N extends number>({ of, where, rises, falls }: Crossed<N>) {
  const value = rises ?? falls
  if (value === undefined) throw new Error('a trigger without a value was let through')
  return { of: of.value, where: where ?? {}, crosses: rises === undefined ? 'falls' : 'rises', value } as const
}
