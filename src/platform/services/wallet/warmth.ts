/**
 * The players' data in memory. A wallet that starts beside a database that it may write to reads them all before it is ready. One of a standby region is
 * cold until it is told to warm up. With COLD_READ_MS the first reading of each page takes so long, as it would from a disk.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../shared/database.ts'
import { HttpProblem } from '../../shared/problem.ts'
import type { Service } from '../../shared/service.ts'

/** Players are on so many pages. */
const PAGES = 40
const READ_ALL = 'SELECT count(length(credential)) AS players FROM accounts'

export type Warmth = {
  /** Before the data of a player are read. */
  touch(player: string): Promise<void>
  warmUp(): Promise<void>
  isWarm(): boolean
}

export function createWarmth({ query }: Pick<Database, 'query'>, coldReadMs: number): Warmth {
  const warm = new Set<number>()
  return {
    touch: async (player) => {
      const page = Number(player.replace(/\D/g, '')) % PAGES
      if (coldReadMs === 0 || warm.has(page)) return
      await sleep(coldReadMs)
      warm.add(page)
    },
    warmUp: async () => {
      await query('read-all-players', READ_ALL)
      for (let page = 0; page < PAGES; page += 1) warm.add(page)
    },
    isWarm: () => warm.size === PAGES,
  }
}

export function serveWarmth({ app }: Service, warmth: Warmth): void {
  app.post('/warm-up', async () => {
    await warmth.warmUp()
    return { warm: true }
  })
  app.get('/warm', async () => {
    if (!warmth.isWarm()) throw new HttpProblem(503, { warm: false })
    return { warm: true }
  })
}
