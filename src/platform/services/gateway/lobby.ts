/**
 * The lobby: a player's profile, and the promo widget beside it. Without a profile there is no lobby; the widget is an extra, so that it has
 * little time, and a lobby without it is better than none. Switched off it is not even asked for.
 */
import { Counter } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { HttpProblem } from '../../shared/problem.ts'
import type { Service } from '../../shared/service.ts'
import { type CallResult, failureOf, type Upstream } from '../../shared/upstream.ts'

export type LobbyConfig = {
  readonly profile: Upstream
  readonly promo: Upstream
  readonly promoTimeoutMs: number
  promoWanted(): boolean
}
export type Lobby = (player: string, traceparent: string) => Promise<string>

/** 600 ms until a silent endpoint is known, and as much for the next. */
const PROFILE_TIMEOUT_MS = 1_200

export function createLobby(service: Service, config: LobbyConfig): Lobby {
  const widgets = new Counter({
    name: platformMetrics.lobbyPromo,
    help: 'Lobbies with the promo widget, without it because it failed, and with it switched off.',
    labelNames: ['outcome'],
    registers: [service.metrics.registry],
  })
  const get = (upstream: Upstream, path: string, traceparent: string, timeoutMs: number): Promise<CallResult> =>
    upstream.call({ method: 'GET', path, headers: { traceparent }, timeoutMs, idempotent: true })

  async function widgetFor(player: string, traceparent: string): Promise<string> {
    if (!config.promoWanted()) return counted('off', 'null')
    const result = await get(config.promo, `/widgets/${player}`, traceparent, config.promoTimeoutMs)
    return result.kind === 'answer' && result.status === 200
      ? counted('shown', result.body.toString())
      : counted('failed', 'null')
  }
  function counted(outcome: 'shown' | 'failed' | 'off', widget: string): string {
    widgets.inc({ outcome })
    return widget
  }

  return async (player, traceparent) => {
    const [profile, widget] = await Promise.all([
      get(config.profile, `/profiles/${player}`, traceparent, PROFILE_TIMEOUT_MS),
      widgetFor(player, traceparent),
    ])
    if (profile.kind !== 'answer' || profile.status !== 200)
      throw new HttpProblem(503, { error: 'unavailable', problem: `profile: ${failureOf(profile)}` })
    // Both are JSON already: parsing them to write them again would cost more than the rest.
    return `{"profile":${profile.body},"promo":${widget}}`
  }
}
