/** The sections of the page in order: decisive ones before the charts, explanations after them. */
import type { Judgment } from '../../domain/verdict.ts'
import type { Html } from '../escape/html.ts'
import type { RunView } from '../view.ts'
import { actions } from './actions.ts'
import { again } from './again.ts'
import { agenda } from './agenda.ts'
import { alerts } from './alerts.ts'
import { autoscalers } from './autoscalers.ts'
import { budgets } from './budgets.ts'
import { causes } from './causes.ts'
import { connections } from './connections.ts'
import { deliveries } from './deliveries.ts'
import { faults } from './faults.ts'
import { generator } from './generator.ts'
import { keda } from './keda.ts'
import { ledger } from './ledger.ts'
import { objectives } from './objectives.ts'
import { decisions, gameday, people, reactionsOfPeople } from './people.ts'
import { posture } from './posture.ts'
import { reached } from './reached.ts'

/** Empty if the run has nothing of this kind. */
export type Section = (judgment: Judgment, view: RunView) => Html

const first: readonly Section[] = [decisions, causes, objectives]
const rest: readonly Section[] = [
  gameday,
  agenda,
  people,
  reactionsOfPeople,
  reached,
  faults,
  actions,
  alerts,
  autoscalers,
  keda,
  budgets,
  connections,
  deliveries,
  posture,
  ledger,
  generator,
  again,
]

export const sections = { first, rest }
