// Runs an ingress in its own process from the checkout that is given, so that two versions can be compared. It reports its CPU time.
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder = '.'] = process.argv.slice(2)
const file = pathToFileURL(join(resolve(folder), 'src/lab/ingress/server.ts')).href
const { startIngressServer } = await import(file)
const gateways = (n: number) => `127.98.210.${n}`
const server = await startIngressServer({ host: '127.0.0.1', port: 0, metricsPort: 0, gateways }, () => {})

process.on('message', (message: { set: unknown } | { cpu: true }) => {
  if ('set' in message) {
    server.setObjects(message.set)
    process.send?.({})
    return
  }
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicros: user + system })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ port: server.port })
