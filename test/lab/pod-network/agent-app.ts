// The agent in a process of its own, so that it can be killed: `agent-app.ts <root> <kubeconfig>`, told of pods over IPC.
import { startPodNetworkAgent } from '../../../src/lab/pod-network/agent.ts'
import type { SandboxIdentity } from '../../../src/lab/pod-network/network-plugin.ts'

type Command = { id: number } & (
  | { add: SandboxIdentity }
  | { del: string }
  | { relayFor: SandboxIdentity }
  | { silent: boolean; node: { name: string; index: number } }
)

const [root = '', kubeconfig = ''] = process.argv.slice(2)
const agent = await startPodNetworkAgent({ root, kubeconfig, log: (line) => console.error(line) })
process.on('message', async (command: Command) => {
  process.send?.({ id: command.id, value: await obey(command) })
})
process.send?.('ready')

async function obey(command: Command): Promise<unknown> {
  if ('add' in command) return agent.add(command.add)
  if ('relayFor' in command) return agent.relayFor(command.relayFor, await agent.add(command.relayFor))
  if ('silent' in command) {
    await agent.setSilent(command.node, command.silent)
    return null
  }
  await agent.del({ id: command.del })
  return null
}
