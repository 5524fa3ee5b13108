import { arrayField, centsField, type Json, keyOf, objectOf, playerOf } from '../../shared/body.ts'
import { HttpProblem } from '../../shared/problem.ts'
import type { Service } from '../../shared/service.ts'
import type { Ledger, Posting, Settlement } from './ledger.ts'
import type { Warmth } from './warmth.ts'

const MAX_SETTLEMENTS = 500

/** 201 posted, 200 repeated; refusals are final for their key, except that an insufficient balance may be filled. */
const STATUS: Readonly<Record<Posting, number>> = {
  posted: 201,
  repeated: 200,
  insufficient: 402,
  'no-player': 404,
  reversed: 409,
  conflict: 422,
}

export function serveLedger(service: Service, ledger: Ledger, warmth: Warmth): void {
  const { app } = service

  app.get<{ Params: { player: string } }>('/players/:player', async (request) => {
    const { balanceCents } = await existing(ledger, request.params.player)
    return { player: request.params.player, balanceCents }
  })
  app.get<{ Params: { player: string } }>('/players/:player/credential', async (request) => {
    await warmth.touch(request.params.player)
    const { credential } = await existing(ledger, request.params.player)
    return { credential }
  })
  app.post('/deposits', async (request, reply) => {
    const { key, player, amountCents } = movementOf(objectOf(request.body))
    return answer(reply, await ledger.credit(key, player, amountCents))
  })
  app.post('/stakes', async (request, reply) => {
    const { key, player, amountCents } = movementOf(objectOf(request.body))
    return answer(reply, await ledger.stake(key, player, amountCents))
  })
  app.post('/stakes/return', async (request, reply) => {
    const body = objectOf(request.body)
    return answer(reply, await ledger.returnStake(keyOf(body.key), playerOf(body.player)))
  })
  app.post('/settlements', async (request) => {
    const items = arrayField(objectOf(request.body), 'settlements', MAX_SETTLEMENTS)
    return { results: await ledger.settle(items.map((item) => settlementOf(objectOf(item)))) }
  })
}

function answer(reply: { code(status: number): unknown }, posting: Posting): { posting: Posting } {
  reply.code(STATUS[posting])
  return { posting }
}

async function existing(ledger: Ledger, name: string): Promise<{ balanceCents: number; credential: string }> {
  const player = await ledger.player(playerOf(name))
  if (player === undefined) throw new HttpProblem(404, { error: 'no-player' })
  return player
}

const movementOf = (body: Json): { key: string; player: string; amountCents: number } => ({
  key: keyOf(body.key),
  player: playerOf(body.player),
  amountCents: centsField(body, 'amountCents'),
})

/** A lost bet settles with 0 cents: it has an entry in the books, and its player gets a message. */
const settlementOf = (body: Json): Settlement => ({
  key: keyOf(body.key),
  player: playerOf(body.player),
  amountCents: centsField(body, 'amountCents', 0),
  payload: objectOf(body.payload),
})
