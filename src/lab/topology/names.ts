/** The kubeconfig's context: targets and rehearsals know the lab by it. */
export const LAB_CONTEXT = 'lab'

/** The name that the lab's metrics API answers to, in its certificate and as a Service. */
export const METRICS_API_HOST = 'metrics-api.lab-system.svc'
