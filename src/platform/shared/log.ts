/** JSON lines on stdout. Requests are not logged one by one: at the peak that would cost more than serving them. */

type Fields = Readonly<Record<string, unknown>>

export type Log = {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export function logOf(service: string): Log {
  const line = (level: string) => (message: string, fields?: Fields) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, service, message, ...fields })}\n`)
  }
  return { info: line('info'), warn: line('warn'), error: line('error') }
}
