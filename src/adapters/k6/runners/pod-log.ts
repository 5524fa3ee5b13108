/** The log of a pod, read again and again: each call gives the lines that are new. */
import { demandText, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'

const BYTES_MAX = 8 << 20

export type PodLog = { read(): Promise<readonly string[]> }

/**
 * `sinceTime` has whole seconds, so that the lines of the last second come again. They are recognised by their time, and lines with the same time by their
 * number.
 */
export function podLogOf(api: KubernetesApi, namespace: string, pod: string, container: string): PodLog {
  let last = ''
  let atLast = 0
  return {
    read: async () => {
      const since = last === '' ? '' : `&sinceTime=${encodeURIComponent(`${last.slice(0, 19)}Z`)}`
      const query = `container=${container}&timestamps=true&limitBytes=${BYTES_MAX}${since}`
      const text = await demandText(api, {
        method: 'GET',
        path: paths.podLog(namespace, pod, query),
        timeoutMs: 10_000,
      })
      let known = 0
      const fresh = text.split('\n').flatMap((line): (readonly [string, string])[] => {
        const space = line.indexOf(' ')
        const stamp = space < 0 ? '' : comparable(line.slice(0, space))
        if (stamp === '' || stamp < last) return []
        if (stamp === last && known++ < atLast) return []
        return [[stamp, line.slice(space + 1)]]
      })
      const newest = fresh.at(-1)?.[0]
      if (newest !== undefined) {
        atLast = (newest === last ? atLast : 0) + fresh.filter(([stamp]) => stamp === newest).length
        last = newest
      }
      return fresh.map(([, line]) => line)
    },
  }
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

/**
 * RFC 3339 in UTC with nine digits of a second, so that texts compare like times. A kubelet writes the time zone of its node, and Go omits trailing zeros.
 * Empty for anything else, such as a line in which the kubelet says that the log is not readable.
 */
function comparable(stamp: string): string {
  const [, whole, fraction = '', zone] = STAMP.exec(stamp) ?? []
  if (whole === undefined) return ''
  return `${new Date(`${whole}${zone}`).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}`
}
