// What a request that a pod did not answer is told, and whether another pod may be asked.

export type Failure = { status: 502 | 504; wasSent: boolean; reason: string }

/** Nothing reached the pod when no connection came to be: only then is it safe to ask another, whatever the method. */
export function failureOf(error: Error): Failure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const syscall = 'syscall' in error ? error.syscall : undefined
  const isConnectTimeout = code === 'UND_ERR_CONNECT_TIMEOUT'
  const isTimeout =
    isConnectTimeout || code === 'ETIMEDOUT' || code.endsWith('HEADERS_TIMEOUT') || code.endsWith('BODY_TIMEOUT')
  return {
    status: isTimeout ? 504 : 502,
    wasSent: !isConnectTimeout && syscall !== 'connect',
    reason: code || error.message,
  }
}
