/**
 * What an operator remembers between rounds: since when each state has lasted. Several operators may run; each has its own memory. The
 * time that a new leader gets starts when this operator first learns of it, whoever named it.
 */
import type { KeeperStatus, RoleRecord } from '../../shared/role-record.ts'
import { type Member, writes } from './decide.ts'

export type KeeperAnswer = { readonly pod: string; readonly status: KeeperStatus | undefined }

export type Memory = {
  /** Adds the observation of one round, at a time of a monotonic clock in ms, and returns what it means together with the earlier ones. */
  take(
    record: RoleRecord | undefined,
    answers: readonly KeeperAnswer[],
    nowMs: number,
  ): { readonly members: readonly Member[]; readonly fencedMs: number }
}

/** An operator that has just started has heard from no keeper yet: silence counts from its start. */
export function createMemory(startedAtMs: number): Memory {
  const answeredAtMs = new Map<string, number>()
  const wroteAtMs = new Map<string, number>()
  let epoch: number | undefined
  let epochSinceMs = startedAtMs
  let fencedAt: { readonly epoch: number; readonly atMs: number } | undefined

  function memberOf({ pod, status }: KeeperAnswer, nowMs: number): Member {
    if (status !== undefined) answeredAtMs.set(pod, nowMs)
    if (status !== undefined && writes(status)) wroteAtMs.set(pod, nowMs)
    return {
      pod,
      status,
      silentMs: nowMs - (answeredAtMs.get(pod) ?? startedAtMs),
      idleMs: nowMs - (wroteAtMs.get(pod) ?? epochSinceMs),
    }
  }

  return {
    take: (record, answers, nowMs) => {
      if (record?.epoch !== epoch) {
        epoch = record?.epoch
        epochSinceMs = nowMs
        wroteAtMs.clear()
      }
      if (record?.leader === '' && fencedAt?.epoch !== record.epoch) fencedAt = { epoch: record.epoch, atMs: nowMs }
      const fencedMs = record?.leader === '' && fencedAt ? nowMs - fencedAt.atMs : 0
      return { members: answers.map((answer) => memberOf(answer, nowMs)), fencedMs }
    },
  }
}
