/** A carrier that prints labels for parcels, and counts each request that reached it. */
import { createMetrics, serve } from './serving.ts'

const metrics = createMetrics()
metrics.declare('carrier_labels_total')
serve(
  {
    'POST /labels': () => {
      metrics.count('carrier_labels_total')
      return { status: 201, body: { label: 'printed' } }
    },
  },
  metrics,
)
