/**
 * `config-unpinned`: pods of one workload and one template served with different configurations until the run ended, and none of them changed. So a
 * ConfigMap was changed without a rollout, and pods that started later have read the new values. Only pods that report their configuration are compared.
 */
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { duration } from '../findings/words.ts'
import { type PodLife, servesAt, templateOf } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'

/** The kubelet may pass a changed ConfigMap on as files only with its next sync (a minute), plus the time of its cache (another). */
const STILL_MS = 120_000

export function configUnpinned(seen: Seen): readonly Finding[] {
  const { seenUntil } = seen.run
  const telling = seen.objects.lives.all.flatMap((life) => {
    const isUnread = seen.configurations.unread(life.name).some(({ toAt }) => toAt > seenUntil)
    const told = servesAt(life, seenUntil) && !isUnread ? seen.configurations.of(life.name).at(-1) : undefined
    return told === undefined || life.owner === undefined ? [] : [{ life, owner: life.owner, ...told }]
  })
  const alike = Map.groupBy(telling, ({ life, owner }) => JSON.stringify([life.namespace, owner, templateOf(life)]))
  return [...alike]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([, all]) => {
      const [first] = all
      const other = all.find(({ digest }) => digest !== first?.digest)
      const stillMs = seenUntil - Math.max(...all.map(({ at, life }) => Math.max(at, servedFrom(life))))
      if (first === undefined || other === undefined || stillMs < STILL_MS) return []
      const { kind, name } = first.owner
      const sentence = `Pods of ${kind} ${name} served with different configurations for the last ${duration(stillMs)}, and no rollout was under way: ${first.digest} in ${first.life.name} and ${other.digest} in ${other.life.name}.`
      return [finding('breach', 'config-unpinned', name, sentence, [first.line, other.line])]
    })
}

const servedFrom = ({ serving }: PodLife): number => serving.findLast(({ is }) => is)?.at ?? 0
