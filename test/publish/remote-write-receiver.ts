/** A server that takes remote write and decodes it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { decodeWriteRequest, type TimeSeries } from '../../src/protocols/prometheus/remote-write.ts'

export type TakenWrite = {
  readonly status: number
  readonly authorization: string | undefined
  readonly series: readonly TimeSeries[]
}

/** `status` answers the nth request. It serves until the test ends. */
export async function remoteWriteReceiver(status: (n: number) => number = () => 204) {
  const requests: TakenWrite[] = []
  const server = createServer(async (request, response) => {
    const answer = status(requests.length)
    const read = decodeWriteRequest(await buffer(request))
    if (!read.ok) throw new Error(read.problem)
    const { authorization } = request.headers
    requests.push({ status: answer, authorization, series: read.request.series })
    response.writeHead(answer).end()
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  const taken = () => requests.filter((each) => each.status < 300).flatMap(({ series }) => series)
  /** All values of a series, in the order of their arrival. */
  const valuesOf = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    taken()
      .filter(
        (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      )
      .flatMap(({ samples }) => samples.map(({ value }) => value))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`, requests, taken, valuesOf }
}
