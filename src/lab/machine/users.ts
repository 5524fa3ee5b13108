/** The user id of `nobody` on every Linux. Pods run as this user when neither the pod nor its image names one. */
export const NOBODY = 65534
