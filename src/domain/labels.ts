/** Labels on the objects that matchday makes or changes, by which a dead run is found again. */

/** On all of them; the value is the run's name. */
export const RUN_LABEL = 'matchday.dev/run'
/** On chaos objects; the value is the target's namespace: whose run it was, wherever in the cluster the object is. */
export const TARGET_LABEL = 'matchday.dev/target'
