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
    "When the trigger is armed, counted from the end of the phase's ramp like `at`. If left out, at the start of the phase, ramp included.",
  ),
  by: need(
    placed(duration({ min: 1000 })),
    "Deadline, counted from the end of the phase's ramp like `at`. If the trigger has not fired by then, the fault or action is not performed, and the run is inconclusive.",
  ),
}

const crossing = <T>(shape: Shape<T>, unit: string) => ({
  rises: may(shape, `The trigger fires when the ${unit} rises to this value.`),
  falls: may(shape, `The trigger fires when the ${unit} falls to this value.`),
})

export const when = placed(
  tellApart(
    {
      rollout: record({
        rollout: need(objectName('orders'), 'Name of the Deployment whose rollout is watched.'),
        share: need(
          percentage({ min: 0.01, max: 1, example: '50%' }),
          'The trigger fires when this share of the desired pods runs the new template.',
        ),
        ...times,
      }),
      gauge: choosing(['rises', 'falls'], {
        gauge: need(placed(metricName), 'Gauge of the pods of the source, such as a lag or the length of a queue.'),
        pods: need(word(...overPods), '`sum` if each pod shows its own part, `max` if each pod shows the total.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('broker'), 'Source of the gauge.'),
        ...crossing(NUMBER, 'gauge'),
        ...times,
      }),
      rate: choosing(['rises', 'falls'], {
        rate: need(placed(metricName), 'Counter whose rate is watched, over 5 s.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('shop'), 'Source of the counter.'),
        ...crossing(RATE, 'rate'),
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
          'Name of the HorizontalPodAutoscaler. The trigger fires when it raises its desired number of pods.',
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
    'Trigger to wait for, instead of a fixed time. The load continues. If the trigger does not fire by its deadline, the fault or action is not performed.',
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

/** Only the times, which are known even if the draft has other mistakes. A missing start is already reported; the harm then begins with its phase. */
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
