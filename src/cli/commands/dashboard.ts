import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { grafanaDashboard } from '../../report/dashboard.ts'
import { jsonText, print } from '../terminal.ts'

export function addDashboard(root: Command, finish: (code: number) => void): void {
  root
    .command('dashboard')
    .description('print a Grafana dashboard of the series that runs publish, as JSON')
    .addHelpText(
      'after',
      `
Import it in Grafana (Dashboards, New, Import), or give it to its provisioning. Runs publish where the target file says \`publish:\`.

Examples:
  matchday dashboard > matchday.dashboard.json
  matchday dashboard | jq '{dashboard: ., overwrite: true}' | curl -H "Authorization: Bearer $GRAFANA_TOKEN" -H 'Content-Type: application/json' -d @- https://grafana.example.com/api/dashboards/db`,
    )
    .action(() => {
      print(jsonText(grafanaDashboard()))
      finish(exitCodes.pass)
    })
}
