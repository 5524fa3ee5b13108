/** A deposit as a client asks for it. `key` is the idempotency key, `trace` the trace id of the request. */
export type DepositRequest = {
  readonly key: string
  readonly player: string
  readonly amountCents: number
  readonly trace: string
}
