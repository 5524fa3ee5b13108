/** When a step of a release is looked at next. */
import { SETTLE } from '../domain/canary.ts'
import { after, type Instant, millis } from '../domain/units.ts'
import { LOOK_EVERY } from '../judge/canary/watch.ts'

/** Nothing is counted while routers apply the new weights. */
export function nextLook(now: Instant, begunAt: Instant, overAt: Instant): Instant {
  const firstAt: Instant = after(begunAt, millis(SETTLE + LOOK_EVERY))
  const next = now < firstAt ? firstAt : after(now, LOOK_EVERY)
  return next < overAt ? next : overAt
}
