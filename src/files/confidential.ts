/** Places of credentials, and values that may hold one by mistake. Their issues never show what the file holds. */
import { path } from './name-shapes.ts'
import { need, oneOf } from './record.ts'
import { nameOf, type Shape, text } from './shape.ts'

/**
 * A shape whose issues keep position and code, but say the same for every mistake: a credential may stand anywhere in it, also as a key.
 * `wanted`: what belongs there, for "must be …". `example`: for "write for example …".
 */
export const confidential = <T>(shape: Shape<T>, wanted: string, example: string): Shape<T> => ({
  schema: shape.schema,
  decode: (node, report) =>
    shape.decode(node, (at, code) => {
      const problem = `${nameOf(node)} must be ${wanted}. Its value is not shown, because it may hold a credential.`
      report(at, code, problem, `write for example ${example}.`)
    }),
})

/** Where a credential is: never the credential itself. */
export const credential = (variable: string, file: string) =>
  confidential(
    oneOf({
      env: need(
        text({
          form: 'the name of an environment variable',
          example: variable,
          pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
        }),
        'Environment variable that holds it.',
      ),
      file: need(path(file), 'File that holds it, relative to this file.'),
    }),
    'the place of a credential: an environment variable or a file',
    `{env: ${variable}} or {file: ${file}}`,
  )
