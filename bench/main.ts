/**
 * Speed as ratios in one run: each bench file compares with a peer or a limit, and prints goal and figure side by side. A missed
 * goal is reported, not hidden; it does not fail the command, because a noisy machine is not a defect.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

type Figure = { readonly name: string; readonly goal: string; readonly figure: string; readonly met: boolean }

const folder = import.meta.dirname
const wanted = process.argv.slice(2)
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'main.ts')
  .filter((name) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)))
  .sort()

const figures: Figure[] = []
for (const file of files) {
  console.error(`bench ${file}…`)
  const { bench } = (await import(join(folder, file))) as { bench: () => Promise<readonly Figure[]> }
  try {
    figures.push(...(await bench()))
  } catch (error) {
    figures.push({
      name: file,
      goal: 'runs',
      figure: error instanceof Error ? error.message : String(error),
      met: false,
    })
  }
}

const width = (pick: (each: Figure) => string): number => Math.max(...figures.map((each) => pick(each).length))
const [names, goals] = [width((each) => each.name), width((each) => each.goal)]
for (const { name, goal, figure, met } of figures)
  console.log(`${met ? '✓' : '✗'} ${name.padEnd(names)}  goal ${goal.padEnd(goals)}  ${figure}`)
console.log(`\n${figures.filter((each) => each.met).length} of ${figures.length} goals met`)
