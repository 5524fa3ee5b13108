/**
 * payments-api: takes deposits, charges them at one of two providers, and sees to it that each is charged once, credited once,
 * and accounted for, even if a process dies in between.
 */
import { Counter, Gauge } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { centsField, keyOf, objectOf, playerOf } from '../../shared/body.ts'
import { serveBooks } from '../../shared/books.ts'
import { BREAKER_LEVEL } from '../../shared/breaker.ts'
import { configOrExit } from '../../shared/config.ts'
import { openDatabase, type Query } from '../../shared/database.ts'
import { openInbox } from '../../shared/inbox.ts'
import { badRequest } from '../../shared/problem.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { withholdCopies } from '../../shared/shadow.ts'
import { refuseWrites } from '../../shared/standby.ts'
import { gaugeTable } from '../../shared/table-gauge.ts'
import { traceparentOf } from '../../shared/trace.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { type PaymentsConfig, type PspConfig, readPaymentsConfig } from './config.ts'
import { creditAt } from './credit.ts'
import { type DepositDesk, makeDeposit } from './deposit.ts'
import { createFraudCheck } from './fraud.ts'
import { createLane, type PspLane } from './lane.ts'
import { createPsp } from './psp.ts'
import { createDepositStore, type Deposit, paymentsBook, paymentsSteps } from './store.ts'
import { sweep } from './sweeper.ts'
import { serveConfirmations, serveWebhooks } from './webhooks.ts'

/** Voids and queries, also while every slot is taken by a charge. */
const BACKGROUND_CONNECTIONS = 2

run('payments-api', async () => {
  const config = configOrExit('payments-api', readPaymentsConfig)
  const service = createService('payments-api', config.server)
  withholdCopies(service)
  const database = openDatabase(config.database, 'payments', service)
  const wallet = createUpstream({ url: config.walletUrl, connections: 16, maxInFlight: 256 })
  refuseWrites(service, database)
  service.needs(database.notReady)
  service.onStop(async () => {
    await wallet.stop()
    await database.stop()
  })
  const store = createDepositStore(database.query, config.leaseMs)
  const psps = [config.primary, config.secondary]
  const lanes = createLanes(service, config, psps)
  const credit = (deposit: Deposit) => creditAt(wallet, service.log, deposit)
  const sweeper: { nudge(): void } = { nudge: () => undefined }
  serveDeposits(service, {
    store,
    lanes: config.failover ? lanes : lanes.slice(0, 1),
    budgetMs: config.budgetMs,
    idempotency: config.idempotency,
    keysForgottenAfterMs: config.keysForgottenAfterMs,
    fraud: createFraudCheck(service, config.fraud),
    log: service.log,
    credit,
    leaveToSweeper: () => sweeper.nudge(),
  })
  serveWebhooks(service, openInbox(service, database, config.signatures), psps)
  serveConfirmations(service, store)
  serveBooks(service, database, paymentsBook)
  gaugeLanes(service, lanes)
  serveUnfinished(service, database.query)
  await service.listen()
  await database.prepare(paymentsSteps)
  gaugeTable(service, database, {
    sql: `SELECT count(DISTINCT key) AS ${platformMetrics.unresolved} FROM attempts WHERE outcome = 'unknown'`,
    help: {
      [platformMetrics.unresolved]:
        'Deposits with a charge that is neither known nor voided; every replica shows all of them.',
    },
  })

  const loop = sweep({
    database,
    store,
    psps: lanes.map(({ psp }) => psp),
    voidUnknown: config.voidUnknown,
    voidDroppedEvery: config.voidDroppedEvery,
    everyMs: config.sweepEveryMs,
    log: service.log,
    credit,
  })
  sweeper.nudge = loop.nudge
  service.onStop(loop.stop)
})

const UNFINISHED = "SELECT count(*) AS unfinished FROM deposits WHERE state IN ('open', 'accepted')"

/** For a move to another region: deposits that are neither credited nor refused. */
function serveUnfinished({ app }: Service, query: Query): void {
  app.get('/writes', async () => (await query('unfinished', UNFINISHED))[0])
}

function createLanes(service: Service, config: PaymentsConfig, psps: readonly PspConfig[]): readonly PspLane[] {
  const charges = new Counter({
    name: platformMetrics.charges,
    help: 'How charges ended; open: not tried because the breaker was open.',
    labelNames: ['psp', 'outcome'],
    registers: [service.metrics.registry],
  })
  const calls = new Counter({
    name: platformMetrics.chargeCalls,
    help: 'Charges that were tried.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
  })
  const attempts = new Counter({
    name: platformMetrics.chargeAttempts,
    help: 'Requests sent to charge, retries included.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
  })
  return psps.map((psp) => {
    const onSend = (): void => attempts.inc({ psp: psp.name })
    const ways = {
      charges: createUpstream({ url: psp.url, connections: config.slots, maxInFlight: config.slots, onSend }),
      background: createUpstream({ url: psp.url, connections: BACKGROUND_CONNECTIONS, maxInFlight: 64 }),
    }
    service.onStop(async () => void (await Promise.all([ways.charges.stop(), ways.background.stop()])))
    return createLane(createPsp(psp, ways), config, { charges, calls })
  })
}

function serveDeposits(service: Service, desk: DepositDesk): void {
  service.app.post('/deposits', async (request, reply) => {
    const body = objectOf(request.body)
    if (body.currency !== 'EUR') throw badRequest('currency must be EUR')
    const answer = await makeDeposit(desk, {
      key: keyOf(request.headers['idempotency-key']),
      player: playerOf(request.headers['x-player']),
      amountCents: centsField(body, 'amountCents'),
      trace: traceparentOf(request.headers.traceparent),
    })
    return reply.code(answer.status).send(answer.body)
  })
}

function gaugeLanes(service: Service, lanes: readonly PspLane[]): void {
  new Gauge({
    name: platformMetrics.breaker,
    help: '0 closed, 1 half-open, 2 open.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
    collect() {
      for (const { psp, breaker } of lanes) this.set({ psp: psp.name }, BREAKER_LEVEL[breaker.state(performance.now())])
    },
  })
  new Counter({
    name: platformMetrics.slotSeconds,
    help: 'Seconds for which calls had slots, over all slots.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
    collect() {
      this.reset()
      for (const { psp, busySeconds } of lanes) this.inc({ psp: psp.name }, busySeconds())
    },
  })
}
