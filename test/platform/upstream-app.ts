// A service's way to another, in a process of its own in a pod: calls come over IPC.
import { type Call, createUpstream } from '../../src/platform/shared/upstream.ts'

let sent = 0
const upstream = createUpstream({
  url: process.argv[2] ?? '',
  connections: 8,
  maxInFlight: 64,
  onSend: () => {
    sent += 1
  },
})
process.on('message', async ({ id, call }: { id: number; call: Call }) => {
  const startMs = performance.now()
  const result = await upstream.call(call)
  const answer = result.kind === 'answer' ? { ...result, body: result.body.toString() } : result
  process.send?.({ id, answer, tookMs: performance.now() - startMs, sent })
})
process.send?.('ready')
