/** profile: who a player is to the lobby. What it knows follows from the name, so that every pod knows the same and none needs a store. */
import { createHash } from 'node:crypto'
import { playerOf } from '../../shared/body.ts'
import { configOrExit, readServerConfig } from '../../shared/config.ts'
import { createService, run } from '../../shared/service.ts'

const TEAMS = ['Rovers', 'United', 'Athletic', 'Wanderers', 'City', 'Albion']
const LEVELS = ['bronze', 'silver', 'gold']

run('profile', async () => {
  const config = configOrExit('profile', (read) => ({ server: readServerConfig(read) }))
  const service = createService('profile', config.server)
  service.app.get<{ Params: { player: string } }>('/profiles/:player', async (request) => {
    const player = playerOf(request.params.player)
    const [team = 0, level = 0] = createHash('md5').update(player).digest()
    return { player, team: TEAMS[team % TEAMS.length], level: LEVELS[level % LEVELS.length], locale: 'en' }
  })
  await service.listen()
})
