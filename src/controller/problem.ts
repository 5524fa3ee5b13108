/** What went wrong, as one sentence for a record. */
export const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
