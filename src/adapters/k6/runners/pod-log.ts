/** The log of a pod, read again and again: each call gives the lines that are new. */
import { demandText, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'

const BYTES_MAX = 8 << 20

export type PodLog = { read(): Promise<readonly string[]> }

/**
 * The API server gives whole seconds. Lines of the last second come again; they are known by their time and, where several have the same, by their
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

/** RFC 3339 in UTC with nine digits of a second: texts compare like times. Go leaves zeros at the end out. */
function comparable(stamp: string): string {
  const [whole = '', fraction = ''] = stamp.replace(/Z$|\+00:00$/, '').split('.')
  return `${whole}.${fraction.padEnd(9, '0')}`
}
