/**
 * The operator of the wallet's database: watches the keepers, names the leader, and labels pods so that the Services find them. One
 * replica is enough: while it is down no standby takes over, and nothing else changes. Each decision is a compare-and-swap.
 */
import { Counter, Gauge } from 'prom-client'
import { databaseMetrics } from '../../../wire/metrics.ts'
import { createClusterApi } from '../../shared/cluster-api.ts'
import { type ConfigReader, configOrExit, readServerConfig } from '../../shared/config.ts'
import { repeat } from '../../shared/loop.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { createDatabaseCluster } from './cluster.ts'
import { createOperator, type Operator } from './operator.ts'

const ROUND_MS = 500
// While no member may write, players wait. So a round then runs up to 20 times a second: it reads two small objects and asks two keepers.
const HURRY_MS = 50

const shape = (read: ConfigReader) => ({
  server: { ...readServerConfig(read), drainDelayMs: 0 },
  selector: read.text('DATABASE_SELECTOR', 'app.kubernetes.io/name=wallet-db'),
  recordName: read.text('ROLE_RECORD', 'wallet-db-role'),
  keeperPort: read.integer('KEEPER_PORT', { min: 1, max: 65_535, fallback: 8080 }),
  fencing: read.toggle('FENCING', true),
  roundMs: read.integer('ROUND_MS', { min: 50, max: 60_000, fallback: ROUND_MS }),
})

run('db-operator', async () => {
  const config = configOrExit('db-operator', shape)
  const service = createService('db-operator', config.server)
  const cluster = createDatabaseCluster(createClusterApi(), config.selector, config.recordName, config.keeperPort)
  const operator = createOperator(cluster, config.fencing, service.log)
  tellMetrics(service, operator)
  service.app.get('/status', async () => operator.observed())
  // A slow operator (a seeded defect) is slow here too.
  const hurryMs = config.roundMs > ROUND_MS ? config.roundMs / 2 : HURRY_MS
  const rounds = repeat(service.log, 'round', config.roundMs, async () => {
    if (!(await operator.round())) setTimeout(rounds.nudge, hurryMs)
  })
  service.onStop(rounds.stop)
  await service.listen()
  rounds.nudge()
})

/** A pod that does not answer has no series, because an old value would look like a new one. */
function tellMetrics(service: Service, operator: Operator): void {
  const registers = [service.metrics.registry]
  const told = () => operator.observed().members.flatMap(({ status }) => status ?? [])
  const gauge = (name: string, help: string, labelNames: string[], fill: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        fill(this)
      },
    })
  gauge(databaseMetrics.writable, 'Could take a write.', ['pod'], (it) => {
    for (const { pod, writable } of told()) it.set({ pod }, writable ? 1 : 0)
  })
  gauge(databaseMetrics.role, 'What it is.', ['pod', 'role'], (it) => {
    for (const { pod, running, writable } of told())
      if (running) it.set({ pod, role: writable ? 'primary' : 'standby' }, 1)
  })
  gauge(databaseMetrics.timeline, 'History that it writes or follows.', ['pod'], (it) => {
    for (const { pod, timeline } of told()) if (timeline > 0) it.set({ pod }, timeline)
  })
  gauge(databaseMetrics.lagBytes, "Bytes of the leader's log that a standby has not confirmed.", ['pod'], (it) => {
    const leader = told().find(({ pod }) => pod === operator.observed().record?.leader)
    for (const { pod, flushedLsn } of leader?.followers ?? [])
      it.set({ pod }, Math.max(0, (leader?.writtenLsn ?? 0) - flushedLsn))
  })
  gauge(databaseMetrics.syncStandbys, 'Standbys that hold every acknowledged commit.', [], (it) => {
    it.set((operator.observed().record?.safe ?? '') === '' ? 0 : 1)
  })
  new Counter({
    name: databaseMetrics.promotions,
    help: 'Leaders that were named after another.',
    registers,
    collect() {
      this.reset()
      this.inc(operator.promotions())
    },
  })
}
