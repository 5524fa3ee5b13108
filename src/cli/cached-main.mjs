// Runs the program with a cache of compiled code on disk: code is compiled once, not at each start (and in a checkout, types are stripped once).
// That is two thirds of a short command's processor time.
import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { mainFile } from './main-file.mjs'

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
nodeModule.enableCompileCache(join(cache, 'matchday', 'compile-cache'))
await import(mainFile())
