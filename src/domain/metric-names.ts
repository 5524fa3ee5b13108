/**
 * Metrics that rules read by name, whatever platform it is. The reference platform exposes them (`wire/metrics.ts`; a test holds them
 * equal, for the domain imports nothing).
 */

/** Charges by `psp` and `outcome` (`approved`, `unknown`, `error`, `open`): where work went when a provider failed. */
export const CHARGES = 'payments_charges_total'
/** Requests of a pod by `code`; 499 where the client gave up. */
export const REQUESTS = 'http_requests_total'
/** Shown as 1 by the member of a database that takes writes, by whoever is the source of the database's name. */
export const WRITABLE = 'db_writable'
