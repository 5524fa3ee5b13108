import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NetworkPlugin } from '../../../src/lab/pod-network/network-plugin.ts'
import { startRuntime } from '../../../src/lab/runtime/runtime.ts'
import { labNodes } from '../../../src/lab/topology/node-table.ts'

// A runtime in its own process, so that tests can kill it: `bench-main.ts <root>`. Its pod network only counts addresses.
const [root = ''] = process.argv.slice(2)
const addressFile = join(root, 'addresses.json')

function addresses(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(addressFile, 'utf8'))
  } catch {
    return {}
  }
}

const network: NetworkPlugin = {
  async add(pod) {
    const known = addresses()
    const ip = known[pod.id] ?? `10.244.${pod.nodeIndex}.${Object.keys(known).length + 2}`
    writeFileSync(addressFile, JSON.stringify({ ...known, [pod.id]: ip }))
    return { ip, env: { POD_NETWORK: 'bench' }, nativeAddress: '127.245.1.9' }
  },
  async del({ id }) {
    writeFileSync(addressFile, JSON.stringify({ ...addresses(), [id]: undefined }))
  },
  relayFor: () => ({ argv: ['/bin/sh', '-c', 'echo relay $RELAY_OF; exec sleep 999'], env: { RELAY_OF: 'bench' } }),
}

const runtime = await startRuntime({
  labRoot: root,
  nodes: labNodes(1),
  network,
  log: (line) => console.error(line),
  notice: (pod, lines) => lines.length > 0 && console.error(`notice ${pod.name}: ${lines.join('; ')}`),
})
console.log('ready')
process.stdin.resume()
process.stdin.once('end', () => {
  runtime.end(0).then(() => process.exit(0))
})
