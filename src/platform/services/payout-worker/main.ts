/**
 * payout-worker: takes reserved payouts from the wallet, has a provider pay them, and says how it ended. It keeps nothing: what a dead
 * worker had in hand comes back to the next one when its lease ends. None may run at all; payouts then wait.
 */
import { randomUUID } from 'node:crypto'
import { Counter } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { createBreaker } from '../../shared/breaker.ts'
import { configOrExit } from '../../shared/config.ts'
import { repeat } from '../../shared/loop.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { type PayoutConfig, type PayoutPspConfig, readPayoutConfig } from './config.ts'
import { type Payer, payAll } from './pay.ts'
import { createPayer } from './psp.ts'
import { createWallet } from './wallet.ts'

run('payout-worker', async () => {
  const config = configOrExit('payout-worker', readPayoutConfig)
  const service = createService('payout-worker', config.server)
  const upstream = createUpstream({ url: config.walletUrl, connections: 4, maxInFlight: 32 })
  const wallet = createWallet(upstream, randomUUID(), config.leaseMs)
  const payers = createPayers(service, config)
  const state = { reason: 'the wallet was not asked yet' as string | undefined }
  service.needs(() => state.reason)
  const loop = repeat(service.log, 'pay', config.everyMs, async () => {
    state.reason = 'the wallet does not answer'
    await payAll({ ...config, wallet, payers, log: service.log }, () => {
      state.reason = undefined
    })
  })
  service.onStop(async () => {
    await loop.stop()
    await upstream.stop()
  })
  await service.listen()
})

function createPayers(service: Service, config: PayoutConfig): readonly Payer[] {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers: [service.metrics.registry] })
  const attempts = counter(platformMetrics.payoutAttempts, 'Requests sent to a provider, retries included.', ['psp'])
  const outcomes = counter(platformMetrics.payouts, 'How calls to a provider ended.', ['psp', 'outcome'])
  return config.psps.map((psp: PayoutPspConfig) => {
    const onSend = (): void => attempts.inc({ psp: psp.name })
    const upstream = createUpstream({ url: psp.url, connections: config.slots, maxInFlight: config.slots, onSend })
    service.onStop(upstream.stop)
    const breaker = createBreaker(config.breaker)
    return createPayer({ psp, upstream, breaker, timeoutMs: config.pspTimeoutMs }, (outcome) =>
      outcomes.inc({ psp: psp.name, outcome }),
    )
  })
}
