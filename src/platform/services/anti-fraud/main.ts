/**
 * anti-fraud: says whether a large deposit looks like the player's own. It knows what it has seen in the last minutes, in the memory of one
 * pod: a second opinion, whose absence payments-api must survive.
 */
import { Counter } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { centsField, keyOf, objectOf, playerOf } from '../../shared/body.ts'
import { configOrExit, readServerConfig } from '../../shared/config.ts'
import { createService, run } from '../../shared/service.ts'
import { createHistory } from './history.ts'

run('anti-fraud', async () => {
  const config = configOrExit('anti-fraud', (read) => ({
    server: readServerConfig(read),
    /** More than this within ten minutes is suspicious. */
    limitCents: read.integer('FRAUD_LIMIT_CENTS', { min: 1, max: 1_000_000_000, fallback: 100_000_00 }),
  }))
  const service = createService('anti-fraud', config.server)
  const history = createHistory()
  const assessments = new Counter({
    name: platformMetrics.assessments,
    help: 'Deposits assessed.',
    labelNames: ['verdict'],
    registers: [service.metrics.registry],
  })
  service.app.post('/assessments', async (request) => {
    const body = objectOf(request.body)
    const sum = history.add(playerOf(body.player), keyOf(body.key), centsField(body, 'amountCents'), performance.now())
    const verdict = sum > config.limitCents ? 'deny' : 'allow'
    assessments.inc({ verdict })
    return { verdict }
  })
  await service.listen()
})
