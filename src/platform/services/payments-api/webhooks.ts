/**
 * What providers and the wallet tell payments-api. A provider's word that it has charged makes the sweeper look at a charge
 * still unknown at once; a charge that nobody here has asked for is counted and logged.
 */
import { Counter } from 'prom-client'
import { objectOf } from '../../shared/body.ts'
import { eventsOf } from '../../shared/events.ts'
import type { Inbox } from '../../shared/inbox.ts'
import { HttpProblem } from '../../shared/problem.ts'
import type { Service } from '../../shared/service.ts'
import { SIGNATURE_HEADER } from '../../shared/signature.ts'
import type { PspConfig } from './config.ts'
import type { DepositStore } from './store.ts'

const ORPHANS =
  'SELECT key FROM unnest($1::text[]) AS event (key) WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.key = event.key AND psp = $2)'
const HINT = "UPDATE attempts SET next_try_at = now() WHERE key = ANY($1) AND psp = $2 AND outcome = 'unknown'"

export function serveWebhooks(service: Service, inbox: Inbox, psps: readonly PspConfig[]): void {
  const orphans = new Counter({
    name: 'payments_webhook_orphans_total',
    help: 'Charges that a provider reports and payments-api never asked for.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
  })

  service.app.register(async (scope) => {
    // The signature covers the bytes as sent.
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post<{ Params: { psp: string }; Body: Buffer }>('/webhooks/psp/:psp', async (request) => {
      const psp = psps.find(({ name }) => name === request.params.psp)
      if (psp === undefined) throw new HttpProblem(404, { error: 'unknown-psp' })
      const header = request.headers[SIGNATURE_HEADER]
      const webhook = {
        sender: psp.name,
        secrets: psp.webhookSecrets,
        signature: String(header ?? ''),
        body: request.body,
      }
      await inbox.take(webhook, async (query, events) => {
        const keys = events.map(({ key }) => key)
        const unknown = await query<{ key: string }>('orphans', ORPHANS, [keys, psp.name])
        for (const { key } of unknown) service.log.warn('charge without a deposit', { psp: psp.name, key })
        if (unknown.length > 0) orphans.inc({ psp: psp.name }, unknown.length)
        await query('hint', HINT, [keys, psp.name])
      })
      return { taken: true }
    })
  })
}

/** The wallet confirms what it has credited; confirming twice changes nothing. */
export function serveConfirmations(service: Service, store: DepositStore): void {
  service.app.post('/events', async (request) => {
    await store.credited(eventsOf(objectOf(request.body)).map(({ key }) => key))
    return { taken: true }
  })
}
