import type { Crew } from './crew.ts'

type Argv = readonly [string, ...string[]]

export type NodesToOpen = {
  readonly kubelets: readonly (readonly [name: string, argv: Argv])[]
  readonly scheduler: Argv
  /** Resolves when every node is Ready and accepts pods; rejects when waiting is hopeless. */
  allReady(): Promise<void>
}

/**
 * Starts the kubelets, and the scheduler only when all nodes are Ready. Nodes become Ready one after the other. If pods were scheduled
 * meanwhile, they would crowd on the first nodes, and the loss of a zone would mean nothing.
 */
export async function openForPods(
  crew: Pick<Crew, 'add'>,
  { kubelets, scheduler, allReady }: NodesToOpen,
): Promise<void> {
  for (const [name, argv] of kubelets) crew.add(name, argv)
  await allReady()
  crew.add('kube-scheduler', scheduler)
}
