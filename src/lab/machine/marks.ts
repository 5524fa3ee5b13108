/**
 * Every process that the owner starts has this variable in its environment, with the lab's root as its value. Children inherit it, so all
 * processes of a lab can be found even after the owner died.
 */
export const LAB_PROCESS_VARIABLE = 'MATCHDAY_LAB_PROCESS'

/**
 * Set in each container: the root of the files that it sees, a folder below the lab's root (see runtime/container/environment.ts). Empty where the
 * container has a file system of its own.
 */
export const CONTAINER_ROOT_VARIABLE = 'MATCHDAY_ROOT'
