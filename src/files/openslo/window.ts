/** The time window of a document that is made from a rehearsal: OpenSLO has no shorter unit than minutes. */
export const wholeMinutes = (lastsMs: number): number => Math.max(1, Math.ceil(lastsMs / 60_000)) * 60_000
