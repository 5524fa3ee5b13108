/** How sockets leave a pod that ends, and to which servers their clients reconnect. */
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration } from '../findings/words.ts'
import { harmsOf, isVoluntary } from '../harm/harm.ts'
import type { Seen } from '../seen/seen.ts'
import type { SocketRow } from '../seen/socket-counts.ts'

/**
 * Sockets that are sent away one by one over five seconds or ten make a frame much like its neighbours, even where one pod has them all;
 * of sockets that fall together one frame has most of what fell in it and beside it. Without a close frame that is half of them; with
 * one nearly all, for where several pods send theirs away at a time, one frame may have six and its neighbours two each.
 */
const TOGETHER = { fallen: 0.5, dropped: 0.8 } as const
/** Fewer, or a smaller share of all, are no pod's. */
const FALL_LEAST = 5
const FALL_SHARE = 0.1

/** A rollout is done when the last new pod is Ready; the last old one may still be ending. */
const FALLING_MS = 5000

/** Sockets that fell together in a disruption that was announced: their pod ended without sending them away first. */
export function socketsNotDrained(seen: Seen): readonly Finding[] {
  const all = seen.load.sockets
  return harmsOf(seen)
    .filter(isVoluntary)
    .flatMap((harm) => {
      const before = all.findLast((row) => row.at <= harm.createdAt)?.open ?? 0
      const least = Math.max(FALL_LEAST, FALL_SHARE * before)
      const areTogether = (how: keyof typeof TOGETHER, row: SocketRow, index: number): boolean => {
        const beside = (all[index - 1]?.[how] ?? 0) + row[how] + (all[index + 1]?.[how] ?? 0)
        return row[how] >= least && row[how] > TOGETHER[how] * beside
      }
      const falls = all.flatMap((row, index) => {
        if (row.at <= harm.createdAt || row.fromAt >= harm.endAt + FALLING_MS) return []
        const how = areTogether('fallen', row, index) ? 'fallen' : 'dropped'
        return areTogether(how, row, index) ? [{ ...row, lost: row[how] }] : []
      })
      const worst = [...falls].sort((a, b) => b.lost - a.lost || a.at - b.at)[0]
      if (!worst) return []
      const share = showMeasuredPercent(worst.lost / Math.max(1, before))
      const sentence = `${worst.lost} of ${count(before, 'socket')} (${share}) fell within ${duration(worst.at - worst.fromAt)} during ${harm.name}, instead of being sent away one by one.`
      const lines = [...falls.map((row) => row.line), ...harm.lines.slice(0, 8)]
      return [finding('breach', 'sockets-not-drained', 'sockets', sentence, lines)]
    })
}

/** A handful says nothing. Where pods come and go, a cookie that names one which is gone leads elsewhere, and rightly so. */
const REPLACED_LEAST = 10
const MOVED_SHARE = 0.5

/** Clients whose socket is replaced while all is well return to the same server, if anything keeps them there. */
export function routingNotSticky(seen: Seen): readonly Finding[] {
  const told = seen.load.sockets.filter((row) => row.kept + row.moved > 0)
  const moved = told.reduce((sum, row) => sum + row.moved, 0)
  const all = told.reduce((sum, row) => sum + row.kept + row.moved, 0)
  if (all < REPLACED_LEAST || moved <= MOVED_SHARE * all) return []
  const sentence = `${moved} of ${count(all, 'socket')} (${showMeasuredPercent(moved / all)}) that replaced a healthy one connected to another server: routing is not sticky.`
  return [
    finding(
      'breach',
      'routing-not-sticky',
      'sockets',
      sentence,
      told.map((row) => row.line),
    ),
  ]
}
