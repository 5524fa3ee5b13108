// The response to a request that no pod answered, and whether another pod may be tried.

export type Failure = { status: 502 | 504; wasSent: boolean; reason: string }

/** If no connection was made, nothing reached the pod. Only then is it safe to try another pod, whatever the method. */
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
