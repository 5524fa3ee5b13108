import type { Crew } from './crew.ts'

type Argv = readonly [string, ...string[]]

export type NodesToOpen = {
  readonly kubelets: readonly (readonly [name: string, argv: Argv])[]
  readonly scheduler: Argv
  /** Resolves when every node is Ready and open to pods; rejects when there is no hope of it. */
  allReady(): Promise<void>
}

/**
 * Kubelets, and the scheduler only when all their nodes are Ready: nodes become it one after the other, a workload that is scheduled
 * meanwhile crowds on the first ones, and then no zone's loss means anything.
 */
export async function openForPods(
  crew: Pick<Crew, 'add'>,
  { kubelets, scheduler, allReady }: NodesToOpen,
): Promise<void> {
  for (const [name, argv] of kubelets) crew.add(name, argv)
  await allReady()
  crew.add('kube-scheduler', scheduler)
}
