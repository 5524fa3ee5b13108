/** promo: the widget that a player sees in the lobby, offers ranked for them. The first thing to switch off when the platform is short of breath. */
import { createHash } from 'node:crypto'
import { playerOf } from '../../shared/body.ts'
import { configOrExit, readServerConfig } from '../../shared/config.ts'
import { createService, run } from '../../shared/service.ts'

const OFFERS = ['derby-boost', 'free-bet', 'acca-insurance', 'cash-back', 'early-payout', 'super-sub'] as const
const SHOWN = 3

run('promo', async () => {
  const config = configOrExit('promo', (read) => ({ server: readServerConfig(read) }))
  const service = createService('promo', config.server)
  service.app.get<{ Params: { player: string } }>('/widgets/:player', async (request) => {
    const player = playerOf(request.params.player)
    return {
      title: 'Derby day',
      offers: OFFERS.map((offer) => ranked(player, offer))
        .sort(byRank)
        .slice(0, SHOWN),
    }
  })
  await service.listen()
})

type Ranked = { readonly offer: string; readonly rank: number }

const ranked = (player: string, offer: string): Ranked => ({
  offer,
  rank: createHash('md5').update(`${player} ${offer}`).digest().readUInt32BE() / 2 ** 32,
})

const byRank = (a: Ranked, b: Ranked): number => b.rank - a.rank
