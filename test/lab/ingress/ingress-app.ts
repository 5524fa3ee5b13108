// The ingress's server in a process of its own, as main.ts runs it, fed with literal objects over IPC instead of an API server.
import { startIngressServer } from '../../../src/lab/ingress/server.ts'

const listen = { host: '127.0.0.1', port: 0, metricsPort: 0, gateways: (n: number) => `127.98.200.${n}` }
const server = await startIngressServer(listen, () => {})
process.send?.({ port: server.port, metricsPort: server.metricsPort })
process.on('message', (message: { drain: number } | Parameters<typeof server.setObjects>[0]) => {
  if ('drain' in message) void server.drain(message.drain).then(() => process.exit(0))
  else server.setObjects(message)
  process.send?.({ statuses: 'drain' in message ? [] : server.statuses('2026-11-29T00:00:00Z') })
})
