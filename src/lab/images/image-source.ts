/** A service of the user's or of the reference platform: one TypeScript file, bundled with all that it imports, run by Node. */
export type ImageSource = {
  readonly name: string
  /** absolute path of a .ts, .js or .mjs file */
  readonly entry: string
  readonly env?: Readonly<Record<string, string>>
  /** uid where the lab runs as root; `nobody` unless said */
  readonly user?: number
  /** The image that it is built on (`matchday/postgres`): the service gets that image's command as its arguments, and starts it. */
  readonly from?: string
}
