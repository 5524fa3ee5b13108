/** The context in the kubeconfig. Targets and rehearsals name the lab by it. */
export const LAB_CONTEXT = 'lab'

/** The name of the lab's metrics API: in its certificate and as a Service. */
export const METRICS_API_HOST = 'metrics-api.lab-system.svc'
