/** Reads what the relay received, through the API server's proxy. */
import { isFields } from '../../../protocols/fields.ts'
import { demand, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { RELAY_PORT } from './relay-program.ts'

/** `ageMs`: time between the push and the answer of the relay, by the clock of the relay. */
export type Push = { readonly instance: string; readonly ageMs: number; readonly body: Uint8Array }

export type PushRelay = {
  /** Everything new, oldest first. Nothing is lost if a call fails. */
  read(): Promise<readonly Push[]>
  /** Pushes that the relay dropped because nobody read them in time. */
  readonly dropped: number
}

export function relayAt(api: KubernetesApi, namespace: string, pod: string): PushRelay {
  let after = 0
  let dropped = 0
  const once = async (): Promise<readonly Push[]> => {
    const path = paths.podProxy(namespace, pod, RELAY_PORT, `/pushes?after=${after}`)
    const answer = answerOf(await demand(api, { method: 'GET', path, timeoutMs: 10_000 }))
    after = answer.last ?? after
    dropped = answer.dropped
    return answer.pushes
  }
  return {
    read: async () => {
      const all: Push[] = []
      for (;;) {
        const some = await once()
        all.push(...some)
        // An answer is limited in size: there may be more.
        if (some.length === 0 || all.length > 10_000) return all
      }
    },
    get dropped() {
      return dropped
    },
  }
}

type Answer = { readonly pushes: readonly Push[]; readonly last: number | undefined; readonly dropped: number }

function answerOf(json: unknown): Answer {
  if (!isFields(json) || typeof json.now !== 'number' || !Array.isArray(json.pushes))
    throw new Error('the relay answered something else than pushes')
  const { now, dropped } = json
  const rows = json.pushes.filter(isFields)
  return {
    pushes: rows.map(({ instance, at, body }) => ({
      instance: String(instance),
      ageMs: Math.max(0, now - Number(at)),
      body: Buffer.from(String(body), 'base64'),
    })),
    last: rows.length === 0 ? undefined : Number(rows.at(-1)?.seq),
    dropped: Number(dropped),
  }
}
