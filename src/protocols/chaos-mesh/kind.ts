/**
 * One kind of fault: everything that differs between kinds, in one file of `kinds/` each. What all kinds have alike (selectors, durations,
 * the course of an experiment) stands beside.
 */
import type { FaultEffect, FaultTraffic } from '../../domain/fault.ts'
import type { CommonSpec, ObjectMeta, PodSelector } from './common.ts'
import type { Schema } from './schema.ts'
import type { StrictProblem } from './strict-problem.ts'
import type { WebhookProblem } from './webhook-checks.ts'

export type SpecFields = Record<string, unknown>

export type FaultKind<S extends CommonSpec> = {
  /** Of `spec`, for the CRD and for admission. */
  readonly schema: Schema
  /** What the mutating webhook fills in, beyond selectors and fields that Go cannot leave out. */
  readonly defaults?: (spec: SpecFields) => SpecFields
  /** What the validating webhook refuses, in its words and in its order. */
  readonly refused: (spec: S) => readonly WebhookProblem[]
  /** What Chaos Mesh admits and a rehearsal should not rely on. */
  readonly doubtful: (spec: S, metadata: ObjectMeta) => readonly StrictProblem[]
  readonly effect: (spec: S) => FaultEffect
  /** What it does, in its own words, for plan and report: `partition`, `abort delay`. */
  readonly words: (spec: S) => readonly string[]
  /** Pods at the far end, which get rules of their own. */
  readonly farEnd?: (spec: S) => PodSelector | undefined
  readonly traffic?: (spec: S) => FaultTraffic
  /** Done at once: never stopped, never recovered before it is deleted. */
  readonly isOneShot?: (spec: S) => boolean
  /** Names of the containers that are harmed, none meaning the first; undefined when whole pods are. */
  readonly containers?: (spec: S) => readonly string[] | undefined
  /** Records pass through `…/Wait`, and the status counts instances. */
  readonly waits?: true
}
