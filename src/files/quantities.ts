/** Numbers with units, as texts: `20s`, `99.9%`, `24/s`, `2.5x`, `3 syncs`. A bare number is an issue, because it hides its unit. */
import { showDuration, showPercent } from '../domain/show.ts'
import { type Millis, millis, type PerSecond, perSecond, type Ratio, ratio } from '../domain/units.ts'
import { type Form, refuse, type Shape, whole, withinBounds } from './shape.ts'

type Rule<T> = Form & {
  readonly pattern: RegExp
  readonly units: string
  /** The number in the base unit, from a text that matches `pattern`. */
  readonly read: (text: string) => number
  readonly min: number
  readonly max: number
  readonly show: (value: number) => string
  readonly make: (value: number) => T
}

function quantity<T>(rule: Rule<T>): Shape<T> {
  return {
    schema: { type: 'string', pattern: rule.pattern.source, examples: [rule.example] },
    decode: (node, report) => {
      if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean')
        return refuse(node, report, 'wrong-type', rule)
      const written = String(node.value)
      if (/^\d+(\.\d+)?$/.test(written)) {
        const problem = `${node.path} must be ${rule.form}; ${written} has no unit.`
        report(node.at, 'missing-unit', problem, `write the unit (${rule.units}), for example ${rule.example}.`)
        return undefined
      }
      if (!rule.pattern.test(written)) return refuse(node, report, 'wrong-value', rule)
      const value = rule.read(written)
      return withinBounds(value, rule, rule.show, node, report) ? whole(rule.make(value)) : undefined
    },
  }
}

const MILLIS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
export const DAY_MS = 24 * 3_600_000

export const durationPattern = /^(\d+(\.\d+)?(ms|s|m|h))+$/

/** Milliseconds of `1m30s`; the text must match `durationPattern`. Fractions of a millisecond are rounded away. */
export const readDuration = (text: string): number =>
  Math.round(
    [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
      (sum, [, number, unit]) => sum + Number(number) * (MILLIS_PER_UNIT[unit ?? ''] ?? 0),
      0,
    ),
  )

export const duration = (bounds: { readonly min?: number; readonly max?: number } = {}): Shape<Millis> =>
  quantity({
    form: 'a duration',
    example: '20s',
    units: 'ms, s, m or h',
    pattern: durationPattern,
    read: readDuration,
    min: bounds.min ?? 1,
    max: bounds.max ?? DAY_MS,
    show: showDuration,
    make: millis,
  })

const percentPattern = /^\d+(\.\d+)?%$/
// Parsed as a decimal shifted by two places, so that 99.9% is exactly the double nearest to 0.999.
const readPercent = (text: string): number => Number(`${text.slice(0, -1)}e-2`)

export const percentage = (bounds: {
  readonly min: number
  readonly max: number
  readonly example: string
}): Shape<Ratio> =>
  quantity({
    form: 'a percentage',
    units: '%',
    pattern: percentPattern,
    read: readPercent,
    show: showPercent,
    make: ratio,
    ...bounds,
  })

const ratePattern = /^\d+(\.\d+)?\/(s|m)$/
const readRate = (text: string): number => Number(text.slice(0, -2)) / (text.endsWith('m') ? 60 : 1)

export const rate = (bounds: { readonly min: number; readonly max: number }): Shape<PerSecond> =>
  quantity({
    form: 'a rate',
    example: '24/s',
    units: '/s or /m',
    pattern: ratePattern,
    read: readRate,
    show: (value) => `${value}/s`,
    make: perSecond,
    ...bounds,
  })

/** A rate, or 0, which is the same in every unit. */
export function rateOrZero(bounds: { readonly min: number; readonly max: number }): Shape<PerSecond> {
  const shape = rate(bounds)
  return {
    schema: { oneOf: [{ const: 0 }, shape.schema] },
    decode: (node, report) =>
      node.kind === 'scalar' && node.value === 0 ? whole(perSecond(0)) : shape.decode(node, report),
  }
}

/** A multiple of the normal load. */
export const factor = (bounds: { readonly min: number; readonly max: number }): Shape<number> =>
  quantity({
    form: 'a multiple',
    example: '2.5x',
    units: 'x',
    pattern: /^\d+(\.\d+)?x$/,
    read: (text) => Number(text.slice(0, -1)),
    show: (value) => `${value}x`,
    make: (value) => value,
    ...bounds,
  })

export const syncs = (bounds: { readonly min: number; readonly max: number }): Shape<number> =>
  quantity({
    form: 'a number of autoscaler syncs',
    example: '3 syncs',
    units: 'syncs',
    pattern: /^\d+ syncs?$/,
    read: (text) => Number.parseInt(text, 10),
    show: (value) => `${value} syncs`,
    make: (value) => value,
    ...bounds,
  })

/** `50%` of the pods, or a number of pods. */
export function podLimit(): Shape<
  { readonly kind: 'share'; readonly of: Ratio } | { readonly kind: 'count'; readonly of: number }
> {
  const share = percentage({ min: 0, max: 1, example: '50%' })
  return {
    schema: { oneOf: [share.schema, { type: 'integer', minimum: 0, maximum: 100_000 }] },
    decode: (node, report) => {
      if (node.kind === 'scalar' && typeof node.value === 'number') {
        const wanted = { form: 'a percentage or a whole number of pods', example: '50%' }
        if (!Number.isInteger(node.value)) return refuse(node, report, 'wrong-value', wanted)
        const bounds = { min: 0, max: 100_000 }
        return withinBounds(node.value, bounds, String, node, report)
          ? whole({ kind: 'count', of: node.value })
          : undefined
      }
      const decoded = share.decode(node, report)
      return decoded && whole({ kind: 'share', of: decoded.value })
    },
  }
}
