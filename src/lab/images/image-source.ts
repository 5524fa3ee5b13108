/** A service of the user or of the reference platform: one TypeScript file, bundled with everything it imports, run by Node. */
export type ImageSource = {
  readonly name: string
  /** absolute path of a .ts, .js or .mjs file */
  readonly entry: string
  readonly env?: Readonly<Record<string, string>>
  /** uid if root runs the lab; `nobody` by default */
  readonly user?: number
  /** The base image (`matchday/postgres`). The service gets the base image's command as its arguments and starts it. */
  readonly from?: string
}
