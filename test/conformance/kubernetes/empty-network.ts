/**
 * A network namespace with nothing in it but loopback. The suites dial addresses of pods and Services: on the machine's own network they would go out to
 * whoever has these addresses there.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EnvironmentError } from '../../../src/controller/ports.ts'

const INSIDE = 'MATCHDAY_CONFORMANCE_INSIDE'

export const isInside = (): boolean => process.env[INSIDE] === '1'

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
const UP = 'ip link set lo up && exec "$@"'

/** Only root may make one without a user namespace. An ordinary user is itself again after loopback is up, without any capability. */
const ENTRY =
  uid === 0
    ? ['--net', 'sh', '-c', UP, 'sh']
    : [
        '--user',
        '--map-root-user',
        '--net',
        'sh',
        '-c',
        UP,
        'sh',
        'unshare',
        '--user',
        `--map-user=${uid}`,
        `--map-group=${gid}`,
      ]

/** Runs this program again in such a namespace. @returns its exit code @throws EnvironmentError when it cannot be made */
export async function runInside(): Promise<number> {
  await requireNamespaces()
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn('unshare', [...ENTRY, ...own], { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  // A terminal sends Ctrl-C to both; the program counts signals that arrive together once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : 1
}

async function requireNamespaces(): Promise<void> {
  const child = spawn('unshare', [...ENTRY, 'true'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const code = await Promise.race([
    once(child, 'close').then(([found]) => found),
    once(child, 'error').then(([error]) => String(error)),
  ])
  if (code === 0) return
  throw new EnvironmentError(
    `an empty network namespace cannot be made: ${said.trim() || code}`,
    'install util-linux and iproute2, and allow user namespaces (Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0), or run it as root.',
  )
}
