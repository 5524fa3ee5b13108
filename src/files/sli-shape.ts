/** The table of `slis`: indicators that are more than a profile of the load. One key says what an indicator is; a new kind is a new key here. */
import { measuredSlis } from './indicator-shape.ts'
import { sli } from './name-shapes.ts'
import { prometheusSli } from './prometheus-sli-shape.ts'
import { need, oneOf } from './record.ts'
import { placed, someOf, table, yes } from './shape.ts'

export const sliName = {
  form: 'a name of lower-case letters, digits and hyphens',
  example: 'checkout',
  pattern: /^[a-z][a-z0-9-]{0,30}$/,
}

export const slis = table(
  sliName,
  placed(
    oneOf({
      union: need(someOf(sli), 'All attempts of these indicators together. It has no samples of its own.'),
      refusal: need(
        yes(),
        'Always true: what this profile tries must be refused (a wrong signature); an attempt that is let in is a finding.',
      ),
      ...measuredSlis,
      prometheus: need(
        prometheusSli,
        'Counted by the Prometheus of the target file, from the first to the last moment of the load.',
      ),
    }),
  ),
)
