/** The user `nobody`, the same number on every Linux: pods run as it when neither the pod nor its image names a user. */
export const NOBODY = 65534
