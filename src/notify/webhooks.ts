/**
 * Where notifications go. The address of a webhook is a secret, because anyone who has it can write into the chat. It is read from the environment or
 * from a file that the environment names. It never appears in a rehearsal's files, a flag, the journal or a message of matchday.
 */
import { readFileSync } from 'node:fs'
import type { NotificationForm } from './forms.ts'

export type Destination = {
  readonly form: NotificationForm
  readonly url: URL
  /** Signs each request. */
  readonly key?: Buffer
}
/** A variable that cannot be used. Its value is not repeated. */
export type DestinationProblem = { readonly variable: string; readonly problem: string; readonly next: string }
export type Destinations = {
  readonly webhooks: readonly Destination[]
  readonly problems: readonly DestinationProblem[]
}

type Environment = Readonly<Record<string, string | undefined>>

const URL_OF: Readonly<Record<NotificationForm, string>> = {
  cloudevents: 'MATCHDAY_WEBHOOK_URL',
  slack: 'MATCHDAY_SLACK_URL',
}
const SECRET = 'MATCHDAY_WEBHOOK_SECRET'
/** Standard Webhooks: a key has 24 to 64 bytes. */
const KEY_BYTES_MIN = 24

export function webhooksOf(env: Environment): Destinations {
  const problems: DestinationProblem[] = []
  const secret = settingOf(env, SECRET, problems)
  const key = secret === undefined ? undefined : keyOf(secret, problems)
  const webhookOf = (form: NotificationForm): readonly Destination[] => {
    const written = settingOf(env, URL_OF[form], problems)
    const url = written === undefined ? undefined : urlOf(written, URL_OF[form], problems)
    if (url === undefined) return []
    return [{ form, url, ...(form === 'cloudevents' && key !== undefined ? { key } : {}) }]
  }
  return { webhooks: [...webhookOf('cloudevents'), ...webhookOf('slack')], problems }
}

/** The value of a variable, or of the file that `<variable>_FILE` names. Empty counts as not set, as CI systems leave it. */
function settingOf(env: Environment, variable: string, problems: DestinationProblem[]): string | undefined {
  const [value, file] = [env[variable] || undefined, env[`${variable}_FILE`] || undefined]
  if (value !== undefined && file !== undefined) {
    const problem = `${variable} and ${variable}_FILE are both set.`
    problems.push({ variable, problem, next: 'set one of them.' })
    return undefined
  }
  if (file === undefined) return value?.trim()
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const problem = `the file that ${variable}_FILE names cannot be read (${codeOf(error)}).`
    problems.push({ variable: `${variable}_FILE`, problem, next: 'name a file that holds nothing but the value.' })
    return undefined
  }
}

function urlOf(written: string, variable: string, problems: DestinationProblem[]): URL | undefined {
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  problems.push({
    variable,
    problem: `${variable} is no URL that begins with https:// or http://.`,
    next: 'correct it.',
  })
  return undefined
}

function keyOf(written: string, problems: DestinationProblem[]): Buffer | undefined {
  const key = Buffer.from(written.replace(/^whsec_/, ''), 'base64')
  if (key.length >= KEY_BYTES_MIN) return key
  const problem = `${SECRET} is no base64 of at least ${KEY_BYTES_MIN} bytes.`
  problems.push({ variable: SECRET, problem, next: 'make one: echo "whsec_$(openssl rand -base64 32)"' })
  return undefined
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed'
