/** Programs that run in a container and connect to all their `host:port` arguments at once. They print one line `host:port outcome` for each. */
import type { DialSeen } from '../../domain/effects.ts'

export const DIAL_SECONDS = 2

/** Every error is `failed`: only whether the connection was made matters. */
const NODE = `
const net = require('node:net')
for (const target of process.argv.slice(1)) {
  const colon = target.lastIndexOf(':')
  const socket = net.connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) })
  const end = (said) => { console.log(target + ' ' + said); socket.destroy() }
  socket.setTimeout(${DIAL_SECONDS * 1000}, () => end('failed'))
  socket.on('connect', () => end('connected'))
  socket.on('error', () => end('failed'))
}`

/** busybox and OpenBSD have `nc -z`; bash opens /dev/tcp itself. */
const SHELL = `
dial() {
  host=\${1%:*}; port=\${1##*:}
  if command -v nc >/dev/null 2>&1; then nc -z -w ${DIAL_SECONDS} "$host" "$port" >/dev/null 2>&1
  elif command -v bash >/dev/null 2>&1; then timeout ${DIAL_SECONDS} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" >/dev/null 2>&1
  else return 127; fi
  case $? in 0) echo "$1 connected";; *) echo "$1 failed";; esac
}
for target in "$@"; do dial "$target" & done
wait`

export type DialProgram = {
  readonly name: string
  command(targets: readonly string[]): readonly string[]
}

export const dialPrograms: readonly DialProgram[] = [
  { name: 'node', command: (targets) => ['node', '-e', NODE, ...targets] },
  { name: 'sh', command: (targets) => ['sh', '-c', SHELL, 'dial', ...targets] },
]

/** The outcomes by target. Lines of another form come from the container and are ignored. */
export function dialOutcomes(output: string): ReadonlyMap<string, Exclude<DialSeen['outcome'], 'undialled'>> {
  const lines = output.split('\n').map((line) => /^(\S+:\d+) (connected|failed)$/.exec(line.trim()))
  return new Map(
    lines.flatMap((match) =>
      match?.[1] === undefined ? [] : [[match[1], match[2] === 'connected' ? 'connected' : 'failed'] as const],
    ),
  )
}
