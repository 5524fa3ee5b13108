/** JSON objects whose shape is not known. */
import { isObject } from '../domain/unknown.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields: (value: unknown) => value is Fields = isObject
