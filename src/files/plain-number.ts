/** Numbers without a unit, where the file says elsewhere what they count. */
import { refuse, type Shape, whole } from './shape.ts'

export function plainNumber(bounds: { readonly min: number; readonly max: number }): Shape<number> {
  const wanted = { form: `a number from ${bounds.min} to ${bounds.max}`, example: '20' }
  return {
    schema: { type: 'number', minimum: bounds.min, maximum: bounds.max },
    decode: (node, report) => {
      if (node.kind !== 'scalar' || typeof node.value !== 'number') return refuse(node, report, 'wrong-type', wanted)
      const inside = node.value >= bounds.min && node.value <= bounds.max
      return inside ? whole(node.value) : refuse(node, report, 'wrong-value', wanted)
    },
  }
}

export const positiveNumber = (): Shape<number> => plainNumber({ min: 1e-6, max: 1e12 })
