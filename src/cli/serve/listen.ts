/** Where the verdict server listens, and with which token. */
import { isIPv4 } from 'node:net'
import type { Issue } from '../../domain/issue.ts'
import { issueOfFlag, type ValueCheck } from '../flags.ts'

export type ListenAddress = { readonly host: string; readonly port: number }

export const LISTEN = '127.0.0.1:7071'
export const TOKEN_VARIABLE = 'MATCHDAY_JUDGE_TOKEN'

/** `host:port`, or a port on 127.0.0.1. Port 0 lets the system choose. Undefined if it is neither. */
export function parseListen(written: string): ListenAddress | undefined {
  if (/^\d{1,5}$/.test(written)) return inRange('127.0.0.1', Number(written))
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(written) ?? []
  const host = bracketed ?? plain
  return host === undefined ? undefined : inRange(host, Number(port))
}

const inRange = (host: string, port: number): ListenAddress | undefined => (port <= 65_535 ? { host, port } : undefined)

export const aListen: ValueCheck = (written) =>
  parseListen(written) === undefined
    ? {
        problem: `"${written}" is no address to listen on.`,
        next: `Write host:port, for example ${LISTEN}, or a port.`,
      }
    : undefined

const isLoopback = ({ host }: ListenAddress): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** A guess takes 2^64 requests and more. */
const TOKEN_LEAST = 16

/** What is wrong with the token in the environment; beyond this machine there must be one. */
export function tokenIssues(listen: ListenAddress, token: string | undefined): readonly Issue[] {
  const next = `Set it to a secret, as from \`openssl rand -hex 16\`, and give the same to the tool that asks.`
  if (token === undefined) {
    if (isLoopback(listen)) return []
    const problem = `${listen.host} can be reached from other machines, and ${TOKEN_VARIABLE} is not set.`
    return [issueOfFlag('--listen', { code: 'token-missing', problem, next })]
  }
  if (token.length >= TOKEN_LEAST && !/\s/.test(token)) return []
  const problem = `${TOKEN_VARIABLE} must have at least ${TOKEN_LEAST} characters and no blanks.`
  return [issueOfFlag(TOKEN_VARIABLE, { code: 'token-missing', problem, next })]
}
