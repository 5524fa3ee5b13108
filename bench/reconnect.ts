/**
 * 2,000 sockets of the stock scenario lose their connection in one moment, as when a realtime tier dies, and come back: how long until
 * 99 % are open again, how many a second came at most, and what it cost the generator. The server is the small real one of the tests.
 */
import { driver, PROMO_PEAK, planOf, stage } from '../test/adapters/k6/driving.ts'
import { smallPlatform } from '../test/adapters/k6/small-platform.ts'

const SOCKETS = 2000
const RAMP_MS = 10_000
const HOLD_MS = 30_000
/** A second of pings (each seat is attended once a second) and the handshakes of 2,000 sockets on two shared cores. */
const GOAL_S = 5
const GOAL_CORES = 1

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const platform = await smallPlatform()
  const k6 = await driver()
  try {
    const stages = [stage(RAMP_MS, 0, SOCKETS), stage(HOLD_MS, SOCKETS)] as const
    const plan = planOf(
      platform.entry,
      {},
      { sockets: { lifetimeMs: stage(600_000, 0).durationMs, stages, sli: 'ws-rtt' } },
    )
    const drive = await k6.drive(PROMO_PEAK, plan)
    await untilOpen(() => platform.sockets.size, SOCKETS, RAMP_MS + 20_000)
    const openedBefore = platform.socketCounts.opened
    for (const socket of platform.sockets) socket.terminate()
    const perSecond: number[] = []
    const startedAt = performance.now()
    let last = openedBefore
    const beat = setInterval(() => {
      perSecond.push(platform.socketCounts.opened - last)
      last = platform.socketCounts.opened
    }, 1000)
    // New connections are counted: those that were cut leave the server's list a moment later.
    await untilOpen(() => platform.socketCounts.opened - openedBefore, SOCKETS * 0.99, 20_000)
    const tookS = (performance.now() - startedAt) / 1000
    perSecond.push(platform.socketCounts.opened - last)
    clearInterval(beat)
    await drive.ended()
    const cores = Math.max(...drive.health().map(({ cpuCores }) => cpuCores))
    return [
      {
        name: `reconnect of ${SOCKETS} sockets to 99 %`,
        goal: `<= ${GOAL_S} s`,
        figure: `${tookS.toFixed(1)} s, at most ${Math.max(...perSecond)} a second`,
        met: tookS <= GOAL_S,
      },
      {
        name: `generator with ${SOCKETS} sockets, at its busiest`,
        goal: `<= ${GOAL_CORES} core`,
        figure: `${cores.toFixed(2)} cores`,
        met: cores <= GOAL_CORES,
      },
    ]
  } finally {
    await platform.close()
    await k6.close()
  }
}

async function untilOpen(open: () => number, wanted: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (open() < wanted) {
    if (performance.now() > deadline) throw new Error(`only ${open()} of ${wanted} sockets opened in ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
