import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Fields } from '../../../protocols/fields.ts'
import { fieldsOf, textOf } from '../../machine/json.ts'

// What the provisioner creates for a claim. The lab's disks are folders of one machine, so a volume follows its pod to any node, like a
// network disk, and is not tied to a zone.

export const STORAGE_CLASS = 'lab-local'
export const PROVISIONER = 'matchday.dev/lab-local'

export const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: STORAGE_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
}

export const needsVolume = (claim: Fields): boolean => {
  const spec = fieldsOf(claim.spec)
  const metadata = fieldsOf(claim.metadata)
  return (
    spec.storageClassName === STORAGE_CLASS &&
    textOf(spec.volumeName) === '' &&
    metadata.deletionTimestamp === undefined
  )
}

/** Whether this provisioner made the volume and its claim has released it. */
export const isReleased = (volume: Fields): boolean =>
  fieldsOf(fieldsOf(volume.metadata).annotations)[PROVISIONED_BY] === PROVISIONER &&
  fieldsOf(volume.spec).persistentVolumeReclaimPolicy === 'Delete' &&
  fieldsOf(volume.status).phase === 'Released'

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'

/** Named after the claim's uid, so that a retry makes the same volume. */
export function volumeFor(claim: Fields, volumesFolder: string): Fields {
  const metadata = fieldsOf(claim.metadata)
  const spec = fieldsOf(claim.spec)
  const name = `pvc-${textOf(metadata.uid)}`
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: 'Delete',
      accessModes: spec.accessModes,
      volumeMode: 'Filesystem',
      capacity: { storage: fieldsOf(fieldsOf(spec.resources).requests).storage },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
      },
      hostPath: { path: join(volumesFolder, name), type: 'DirectoryOrCreate' },
    },
  }
}

const folderOf = (volume: Fields): string => textOf(fieldsOf(fieldsOf(volume.spec).hostPath).path)

/** Closed to other users, whatever the umask. A container that runs as another user gets the folder when it starts (`giveVolume`). */
export function makeFolder(volume: Fields): void {
  mkdirSync(folderOf(volume), { recursive: true })
  chmodSync(folderOf(volume), 0o700)
}

/**
 * Makes this user the owner of `path`, if it is the folder of a volume, or a folder in it that the kubelet has created (subPath). Other files keep their
 * owners.
 */
export function giveVolume(path: string, volumesFolder: string, { uid, gid }: { uid: number; gid: number }): void {
  const [name = '', ...below] = relative(volumesFolder, path).split(sep)
  if (!isVolumeName(name)) return
  if (below.length === 0 || statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
    chownSync(path, uid, gid)
}

const isVolumeName = (name: string): boolean => name.startsWith('pvc-')

/** Removes the folder, if `volumeFor` would have given it this name. */
export function removeFolder(volume: Fields, volumesFolder: string): void {
  const folder = folderOf(volume)
  if (dirname(folder) === volumesFolder && isVolumeName(basename(folder)))
    rmSync(folder, { recursive: true, force: true })
}
