import { messageOf } from '../../../domain/unknown.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { type ClusterClient, isConflict, isNotFound } from '../../cluster-access/cluster.ts'
import { follow } from '../../cluster-access/follow.ts'
import { untilDone } from '../../machine/daemon.ts'
import { fieldsOf, textOf } from '../../machine/json.ts'
import { isReleased, makeFolder, needsVolume, removeFolder, STORAGE_CLASS, storageClass, volumeFor } from './volumes.ts'

export type ProvisionerParts = {
  cluster: ClusterClient
  volumesFolder: string
  signal: AbortSignal
  log: (line: string) => void
}

/**
 * Creates a volume for each claim of the default storage class, and deletes the folder when the claim is gone. It has no state of its own:
 * after a restart both lists are read again.
 */
export async function provision({ cluster, volumesFolder, signal, log }: ProvisionerParts): Promise<void> {
  const path = `/apis/storage.k8s.io/v1/storageclasses/${STORAGE_CLASS}`
  await untilDone('StorageClass', () => cluster.apply(path, storageClass), log, signal)
  const attempt = (what: string, task: () => Promise<void>) => {
    task().catch((error) => log(`${what}: ${messageOf(error)}`))
  }
  const onClaim = (claim: Fields) => {
    if (!needsVolume(claim)) return
    attempt(`volume for claim ${nameOf(claim)}`, () => makeVolume(cluster, volumeFor(claim, volumesFolder)))
  }
  const onVolume = (volume: Fields) => {
    if (!isReleased(volume)) return
    attempt(`volume ${nameOf(volume)}`, async () => {
      removeFolder(volume, volumesFolder)
      await cluster.remove(`/api/v1/persistentvolumes/${nameOf(volume)}`).catch(unlessGone)
    })
  }
  await Promise.all([
    follow(() => cluster, '/api/v1/persistentvolumeclaims', followerOf(onClaim), signal, log),
    follow(() => cluster, '/api/v1/persistentvolumes', followerOf(onVolume), signal, log),
  ])
}

async function makeVolume(cluster: ClusterClient, volume: Fields): Promise<void> {
  makeFolder(volume)
  try {
    await cluster.create('/api/v1/persistentvolumes', volume)
  } catch (error) {
    if (!isConflict(error)) throw error // already made for this claim
  }
}

const followerOf = (take: (object: Fields) => void) => ({
  replaced: (items: readonly Fields[]) => items.forEach(take),
  changed: take,
  removed: () => undefined,
})

const nameOf = (object: Fields): string => textOf(fieldsOf(object.metadata).name)

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}
