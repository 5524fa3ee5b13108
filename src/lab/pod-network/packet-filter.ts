// Keeps the kernel's rules of a lab with network namespaces current. labnet switches to the new rules in one transaction, so no packet meets
// half of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '../../domain/unknown.ts'
import type { PacketChain } from './packet-rule.ts'

export type PacketFilter = {
  /** Resolves when the kernel has the current rules or newer ones. @throws Error with labnet's words when it refuses them */
  apply(): Promise<void>
  /** The same for callers that cannot wait: a refusal is logged, and the previous rules stay in force. */
  applySoon(): void
}

export function createPacketFilter(
  labnet: string,
  chains: () => readonly PacketChain[],
  log: (line: string) => void,
): PacketFilter {
  let inForce = ''
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined

  // `chains` may bring the tables up to date, which asks for new rules. This round already has them.
  const read = (): string => {
    try {
      return JSON.stringify({ chains: chains() })
    } finally {
      next = undefined
    }
  }
  const replace = async () => {
    const wanted = read()
    if (wanted === inForce) return
    await handOver(labnet, wanted)
    inForce = wanted
  }
  // Calls that come while one is running share the one after it, which reads the tables when it starts.
  const apply = (): Promise<void> => {
    next ??= running.then(replace)
    running = next.catch(() => undefined)
    return next
  }
  return {
    apply,
    applySoon: () => void apply().catch((error) => log(`packet rules: ${messageOf(error)}`)),
  }
}

async function handOver(labnet: string, rules: string): Promise<void> {
  const child = spawn(labnet, ['rules'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdin.on('error', () => {}) // it ended early; its exit says why
  child.stdin.end(rules)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(said.trim() || `labnet rules ended with ${code}`)
}
