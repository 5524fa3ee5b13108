/** The configuration that a release brings: new values in a ConfigMap, or another ConfigMap in its place. */

export type ConfigRelease =
  /** `checksum`: annotation of the pod template that gets the digest of the new content, so that the pods are replaced. */
  | {
      readonly kind: 'values'
      readonly configMap: string
      readonly set: Readonly<Record<string, string>>
      readonly checksum?: string
    }
  /** The pod template takes `by` wherever it took `configMap`, so that the pods are replaced. */
  | { readonly kind: 'replaced'; readonly configMap: string; readonly by: string }

/** How pods take a ConfigMap: variables are read when a container starts, and files change while it runs. */
export type ConfigTaken = 'environment' | 'files'

type Released = { readonly images: object; readonly annotations: object; readonly config?: ConfigRelease }

/** Whether a release changes the pod template, so that every pod must be replaced. */
export const changesTemplate = ({ images, annotations, config }: Released): boolean =>
  Object.keys({ ...images, ...annotations }).length > 0 || config?.kind === 'replaced' || config?.checksum !== undefined

/** `limits of ConfigMap orders = 20`, `ConfigMap orders-2 in place of orders`. */
export const configWords = (config: ConfigRelease): string =>
  config.kind === 'replaced'
    ? `ConfigMap ${config.by} in place of ${config.configMap}`
    : Object.entries(config.set)
        .map(([key, value]) => `${key} of ConfigMap ${config.configMap} = ${value}`)
        .join(', ')
