/** Test connections, which show what the NetworkPolicies of the shop allow. */
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { RealCluster } from './cluster.ts'

/** Those of the shop, which is deployed with them. */
const POLICIES = join(import.meta.dirname, 'shop/more/policies.yaml')
/** Of `shop/more/policies.yaml`: it lets the API server in. */
const CONTROL_PLANE = 'networkpolicy/control-plane'
/** Connects to port 8080 of its argument, and prints `open` or why not. */
const DIAL = `const end = (said) => { console.log(said); process.exit() }
require('node:net').connect(8080, process.argv[1], () => end('open')).on('error', ({ code }) => end(code)).setTimeout(3000, () => end('silent'))`

export type Place = { readonly pod: string; readonly address: string }

export async function podsOf({ kubectl }: RealCluster, namespace: string, app: string): Promise<readonly Place[]> {
  const lines = 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}'
  const all = await kubectl('-n', namespace, 'get', 'pods', '-l', `app=${app}`, '-o', lines)
  return all
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([pod = '', address = '']) => ({ pod, address }))
}

/** How a new connection from the pod to port 8080 of `host` fares: `open`, or why not. */
export const dial = async ({ kubectl }: RealCluster, namespace: string, pod: string, host: string): Promise<string> =>
  (await kubectl('-n', namespace, 'exec', pod, '--', 'node', '-e', DIAL, host)).trim()

/**
 * For a while after the start, a Service may refuse connections as if it had no pods: the NetworkPolicy controller may overwrite kube-proxy's rules
 * with an older copy of them, and kube-proxy corrects that every 30 s.
 */
export const untilOpen = (cluster: RealCluster, namespace: string, pod: string, host: string): Promise<void> =>
  vi.waitFor(async () => expect(await dial(cluster, namespace, pod, host)).toBe('open'), {
    timeout: 45_000,
    interval: 1000,
  })

/** The same as `dial`, from the address of the API server. */
const dialFromControlPlane = async ({ run }: RealCluster, host: string): Promise<string> =>
  (await run(process.execPath, '-e', DIAL, host)).stdout.trim()

/** Performs `act` while no policy of the shop lets the API server in. */
export async function withoutControlPlane<T>(cluster: RealCluster, act: () => Promise<T>): Promise<T> {
  const books = await Promise.all(['stock', 'dispatch'].map((app) => podsOf(cluster, 'shop', app)))
  // New connections only: the API server goes on using those that it has.
  const until = (said: string) =>
    vi.waitFor(
      async () => {
        for (const { address } of books.flat()) expect(await dialFromControlPlane(cluster, address)).toBe(said)
      },
      { timeout: 30_000, interval: 500 },
    )
  await until('open')
  await cluster.kubectl('-n', 'shop', 'delete', CONTROL_PLANE)
  try {
    await until('ECONNREFUSED')
    return await act()
  } finally {
    await cluster.kubectl('apply', '-f', POLICIES)
    await until('open')
  }
}
