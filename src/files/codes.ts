/**
 * Every issue code of this room and its meaning. Codes are stable because scripts rely on them: a code is added or retired, but never changes its
 * meaning. docs/rehearsal-file.md lists them; a test keeps both equal.
 */
export const issueCodes = {
  'file-missing': 'a file that is named does not exist',
  'file-unreadable': 'a file exists but could not be read',
  'file-too-large': 'a file is larger, or has more nodes, than a file written by hand',
  'yaml-syntax': 'the file is not YAML',
  'empty-file': 'the file holds no document',
  'several-documents': 'the file holds more than one document',
  'duplicate-key': 'a key stands twice in one map',
  'unknown-key': 'a key that the format does not have',
  'deprecated-key': 'a key under its former name; it is still read',
  'missing-key': 'a key that must be there is not',
  'wrong-type': 'a text where a list is wanted, and the like',
  'wrong-value': 'a value that is not among those allowed, or not in the form wanted',
  'missing-unit': 'a number without its unit',
  'out-of-range': 'a number that is too small or too large',
  'duplicate-name': 'two things of one sort with the same name',
  'unknown-phase': 'a phase that the timeline does not have',
  'unknown-sli': 'an indicator that the load of this rehearsal does not feed',
  'ceiling-below-target': 'a latency ceiling under the latency target',
  'fault-too-early': 'a fault before its witness could have seen traffic',
  'gate-outside-phase': 'a gate that opens before the phase of its fault',
  'fault-outlasts-phase': 'a fault that ends after its phase',
  'action-outlasts-phase': 'an action that begins or ends after its phase',
  'faults-overlap': 'two faults at one time that the same witness would have to tell apart',
  'reaction-misplaced': 'a reaction that this harm can not bring about',
  'expectation-unobservable': 'an expectation whose time does not fit into the run',
  'chaos-rejected': 'a chaos object that Chaos Mesh would refuse',
  'chaos-doubtful': 'a chaos object that Chaos Mesh accepts and that does not do what it seems to say',
  'outside-blast-radius': 'a chaos object that reaches into a namespace which the blast radius does not list',
  'context-not-allowed': 'a kube context that the rehearsal does not allow',
  'unknown-source': 'a metric source that the target file does not have',
  'unknown-metric': 'a metric that the source is not said to expose',
  'budget-unseen': 'a time shorter than two scrapes of the Prometheus that it is read from',
  'unknown-provider': 'a provider whose calls no counter of the target file counts',
  'unknown-database': 'a database that the target file does not have',
  'curve-too-short': 'a curve of arrivals that ends before the timeline does',
  'no-books': 'a ledger to reconcile and no books in the target file',
} as const

export type IssueCode = keyof typeof issueCodes
