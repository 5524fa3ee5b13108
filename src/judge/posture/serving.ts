/** Which workloads other pods wait for. */
import { hasPairs } from '../../domain/label-selector.ts'
import type { ServiceSeen, WorkloadSeen } from '../../domain/posture.ts'

/** A Service selects its pods. */
export const serves = ({ labels }: WorkloadSeen, services: readonly ServiceSeen[]): boolean =>
  services.some(({ selector }) => selector !== undefined && isAbout(selector, labels))

/** Some labels are added to running pods (the role of a database): a Service that selects one more label still means the workload. */
const isAbout = (selector: Readonly<Record<string, string>>, labels: WorkloadSeen['labels']): boolean => {
  const known = Object.entries(selector).filter(([label]) => label in labels)
  return known.length > 0 && hasPairs(labels, Object.fromEntries(known))
}
