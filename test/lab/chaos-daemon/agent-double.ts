import { rmSync } from 'node:fs'
import { createServer } from 'node:http'

/** Answers like the pod network's agent, on its socket, without any pods behind it: the protocol is under test, not the network. */
export type AgentDouble = {
  readonly sources: Map<string, { podUid: string }[]>
  readonly calls: string[]
  /** What pods answer from now on; a function may hold the answer back. */
  answer: (uid: string) => unknown
  before: () => Promise<void>
  close(): Promise<void>
}

export async function startAgentDouble(socketPath: string): Promise<AgentDouble> {
  rmSync(socketPath, { force: true })
  const double: AgentDouble = {
    sources: new Map(),
    calls: [],
    answer: () => 'acknowledged',
    before: async () => {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const source = decodeURIComponent(request.url ?? '').slice('/rules/'.length)
    double.calls.push(`${request.method} ${request.url}`)
    if (request.method === 'GET') {
      response.end(JSON.stringify({ sources: Object.fromEntries(double.sources), pods: {} }))
      return
    }
    await double.before()
    const rules: { podUid: string }[] = request.method === 'PUT' ? JSON.parse(text).rules : []
    const touched = new Set([...(double.sources.get(source) ?? []), ...rules].map(({ podUid }) => podUid))
    if (rules.length === 0) double.sources.delete(source)
    else double.sources.set(source, rules)
    response.end(JSON.stringify({ pods: Object.fromEntries([...touched].map((uid) => [uid, double.answer(uid)])) }))
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return double
}
