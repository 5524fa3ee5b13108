/**
 * A server that takes annotations as Grafana's HTTP API says, and nothing else: POST /api/annotations with a bearer token, JSON, times in ms, tags as a
 * list of texts. Grafana itself cannot be installed here.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

const body = z.strictObject({
  dashboardUID: z.string().optional(),
  panelId: z.int().optional(),
  time: z.int().min(1_000_000_000_000, 'seconds in place of milliseconds'),
  timeEnd: z.int().optional(),
  tags: z.array(z.string().min(1)),
  text: z.string().min(1),
})
export type Posted = z.infer<typeof body>

export type StrictGrafana = {
  readonly url: string
  readonly posted: readonly Posted[]
  readonly refused: readonly string[]
}

export async function strictGrafana(token: string): Promise<StrictGrafana> {
  const posted: Posted[] = []
  const refused: string[] = []
  const server = createServer(async (request, response) => {
    const sent = await text(request)
    const answer = (status: number, message: string) => {
      if (status !== 200) refused.push(message)
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ message, id: posted.length }))
    }
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, 'Unauthorized')
    if (request.method !== 'POST' || request.url !== '/grafana/api/annotations') return answer(404, 'Not found')
    if (request.headers['content-type'] !== 'application/json') return answer(415, 'not JSON')
    const read = body.safeParse(JSON.parse(sent))
    if (!read.success) return answer(400, read.error.message)
    if (read.data.timeEnd !== undefined && read.data.timeEnd < read.data.time)
      return answer(400, 'ends before it begins')
    posted.push(read.data)
    answer(200, 'Annotation added')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/grafana`, posted, refused }
}
