/**
 * The frame of every service: probes, metrics, errors, and a SIGTERM that loses no request. Order of a drain: readiness off →
 * keep serving while routers forget this pod → stop accepting → finish what is in flight → stop the rest → exit 0.
 */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Gauge } from 'prom-client'
import { messageOf } from '../../domain/unknown.ts'
import { platformMetrics } from '../../wire/metrics.ts'
import { digestOf, type ServerConfig } from './config.ts'
import { decay } from './decay.ts'
import { type Log, logOf } from './log.ts'
import { createServiceMetrics, type ServiceMetrics } from './metrics.ts'
import { HttpProblem } from './problem.ts'
import { traceIdOf, traceparentOf } from './trace.ts'

export type Service = {
  readonly app: FastifyInstance
  readonly log: Log
  readonly metrics: ServiceMetrics
  /** Adds a condition of readiness: undefined when fine, otherwise why not. */
  needs(condition: () => string | undefined): void
  /** Adds settings that change while the process runs to what `config_info` tells. */
  alsoServesWith(settings: () => Readonly<Record<string, unknown>>): void
  /** Something to do with readiness already off, before connections close. */
  onDrain(step: () => Promise<void>): void
  /** Something to stop once nothing is in flight any more, last added first. */
  onStop(step: () => Promise<void>): void
  listen(): Promise<void>
}

const UNCOUNTED = new Set(['/healthz', '/livez', '/metrics'])

/** Services check requests with their own code. By default Fastify loads compilers of JSON schemas too: a tenth of the CPU time of a start. */
const noSchemas = () => () => {
  throw new Error('services have no compilers for JSON schemas: check the request in the route')
}

/** The client closed before there was an answer; the code that nginx logs for it. */
const ABANDONED = 499

export function createService(name: string, config: ServerConfig): Service {
  const log = logOf(name)
  const metrics = createServiceMetrics()
  const conditions: (() => string | undefined)[] = []
  const drains: (() => Promise<void>)[] = []
  const stops: (() => Promise<void>)[] = []
  const settings: (() => Readonly<Record<string, unknown>>)[] = []
  const state = { draining: false }
  const app = Fastify({
    logger: false,
    bodyLimit: 262_144,
    // A keep-alive longer than the clients' own: the side that sends requests is the one that closes.
    keepAliveTimeout: 65_000,
    requestTimeout: 10_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  measure(app, metrics, state)
  decay(app, config.decay, UNCOUNTED, log)
  answerErrors(app, log)
  tellConfiguration(metrics, () => digestOf({ environment: config.digest(), ...settings.map((each) => each()) }))
  const notReady = (): string | undefined =>
    state.draining ? 'draining' : conditions.map((condition) => condition()).find((reason) => reason !== undefined)
  probes(app, metrics, config.honestReadiness ? notReady : () => undefined)
  return {
    app,
    log,
    metrics,
    needs: (condition) => void conditions.push(condition),
    alsoServesWith: (each) => void settings.push(each),
    onDrain: (step) => void drains.push(step),
    onStop: (step) => void stops.unshift(step),
    listen: async () => {
      process.on('SIGTERM', () => onSigterm())
      process.once('SIGINT', () => void drain())
      await app.listen({ host: config.host, port: config.port })
      log.info('listening', { port: config.port })
    },
  }

  function onSigterm(): void {
    if (config.onSigterm === 'ignore') return log.warn('SIGTERM ignored')
    if (config.onSigterm === 'exit') exit(log, 143, 'SIGTERM: gone at once')
    void drain()
  }

  async function drain(): Promise<void> {
    if (state.draining) return
    state.draining = true
    log.info('draining', { delayMs: config.drainDelayMs })
    setTimeout(() => exit(log, 1, 'drain timed out'), config.drainDelayMs + config.drainTimeoutMs).unref()
    try {
      await new Promise((resolve) => setTimeout(resolve, config.drainDelayMs))
      await Promise.all(drains.map((step) => step()))
      await app.close()
      for (const step of stops) await step()
      exit(log, 0, 'drained')
    } catch (thrown) {
      exit(log, 1, `drain failed: ${messageOf(thrown)}`)
    }
  }
}

function exit(log: Log, code: number, message: string): never {
  log.info(message, { code })
  process.exit(code)
}

function measure(app: FastifyInstance, metrics: ServiceMetrics, state: { readonly draining: boolean }): void {
  app.addHook('onSend', async (_request, reply) => {
    // A draining pod asks its clients to connect anew: elsewhere.
    if (state.draining) reply.header('connection', 'close')
  })
  // Of a request whose client has gone Fastify's `onResponse` never hears. Uncounted, a pod that keeps everybody waiting would look idle.
  app.addHook('onRequest', async (request, reply) => {
    const startMs = performance.now()
    reply.raw.once('close', () => {
      const { url: route = 'none' } = request.routeOptions
      const code = reply.raw.writableFinished ? reply.statusCode : ABANDONED
      if (!UNCOUNTED.has(route)) metrics.observe(route, code, (performance.now() - startMs) / 1000)
    })
  })
}

function tellConfiguration({ registry }: ServiceMetrics, digest: () => string): void {
  new Gauge({
    name: platformMetrics.configuration,
    help: '1, with the digest of the settings that this process serves with.',
    labelNames: ['digest'],
    registers: [registry],
    collect() {
      this.reset()
      this.set({ digest: digest() }, 1)
    },
  })
}

function answerErrors(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ error: 'not-found' }))
  app.setErrorHandler(async (thrown: unknown, request, reply) => {
    if (thrown instanceof HttpProblem) return reply.code(thrown.status).send(thrown.body)
    const status = statusOf(thrown)
    if (status < 500) return reply.code(status).send({ error: 'bad-request', problem: messageOf(thrown) })
    log.error('request failed', {
      route: request.routeOptions.url,
      trace: traceIdOf(traceparentOf(request.headers.traceparent)),
      reason: messageOf(thrown),
    })
    return reply.code(status).send({ error: 'internal' })
  })
}

/** Fastify's own refusals (bad JSON, body too large) carry a status; anything else is our failure. */
function statusOf(thrown: unknown): number {
  const status = typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown ? thrown.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}

function probes(app: FastifyInstance, metrics: ServiceMetrics, notReady: () => string | undefined): void {
  app.get('/livez', async () => ({ live: true }))
  app.get('/healthz', async (_request: FastifyRequest, reply: FastifyReply) => {
    const reason = notReady()
    return reply.code(reason === undefined ? 200 : 503).send({ ready: reason === undefined, reason })
  })
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}

/** Runs a service's start; a failure there is fatal, logged and exits with 1. */
export function run(name: string, start: () => Promise<void>): void {
  start().catch((thrown: unknown) => {
    logOf(name).error('start failed', { reason: messageOf(thrown) })
    process.exit(1)
  })
}
