/**
 * A change of a database's schema as part of a release. It runs before the pods are replaced, so that pods of both releases share the new schema, and it stays
 * when the release is rolled back, as with expand and contract.
 */
import type { Millis } from './units.ts'

export type Migration = {
  /** Entry under `migrations` of the target file. */
  readonly run: string
  /** Longest time until its Job is complete. */
  readonly withinMs: Millis
  /** Longest time that a statement may wait for a lock meanwhile. */
  readonly waitsMs: Millis
}

/** How a target runs a migration, and where its effect is seen. */
export type MigrationPlace = {
  /** A Job of batch/v1, as it is created. */
  readonly job: Readonly<Record<string, unknown>>
  /** Gauge in seconds: how long the statement that waits longest has waited for the lock of a table. */
  readonly waits: { readonly source: string; readonly metric: string }
}
