import { messageOf } from '../../../../src/domain/unknown.ts'

// Imported, so that it has to be bundled.
console.log(`${messageOf(process.env.GREETING)} from ${process.cwd()}, ${process.env.NODE_ENV}`)
