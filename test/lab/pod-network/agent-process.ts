import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Relay, SandboxIdentity, SandboxNetwork } from '../../../src/lab/pod-network/network-plugin.ts'

const APP = fileURLToPath(new URL('./agent-app.ts', import.meta.url))

export type AgentProcess = {
  add(pod: SandboxIdentity): Promise<SandboxNetwork>
  relayFor(pod: SandboxIdentity): Promise<Relay>
  del(id: string): Promise<void>
  setSilent(node: { name: string; index: number }, silent: boolean): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
}

export async function startAgentProcess(root: string, kubeconfig: string): Promise<AgentProcess> {
  const child = fork(APP, [root, kubeconfig])
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the agent ended'))),
  ])
  let lastId = 0
  async function ask(command: object): Promise<unknown> {
    lastId += 1
    const id = lastId
    const answer = new Promise((resolve) => {
      child.on('message', function listen(message: { id: number; value: unknown }) {
        if (message.id !== id) return
        child.off('message', listen)
        resolve(message.value)
      })
    })
    child.send({ id, ...command })
    return answer
  }
  return {
    add: (pod) => ask({ add: pod }) as Promise<SandboxNetwork>,
    relayFor: (pod) => ask({ relayFor: pod }) as Promise<Relay>,
    del: async (id) => void (await ask({ del: id })),
    setSilent: async (node, silent) => void (await ask({ node, silent })),
    kill: (signal) => end(child, signal),
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

export type ControlAnswer = {
  status: number
  body: Record<string, never> & { pods?: unknown; sources?: unknown; problems?: unknown }
}

/** One request to the agent's control socket. */
export function control(root: string, method: string, path: string, body?: unknown): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: join(root, 'net', 'agent.sock'), method, path }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
    request.on('error', reject)
    request.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}
