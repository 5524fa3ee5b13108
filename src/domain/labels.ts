/** Labels on the objects that matchday makes or changes. They make a dead run findable. */

/** On all of them; the value is the run's name. */
export const RUN_LABEL = 'matchday.dev/run'
/** On chaos objects; the value is the namespace of the run's target, wherever in the cluster the object is. */
export const TARGET_LABEL = 'matchday.dev/target'
