import { Chalk, chalkStderr as err, default as out } from 'chalk'

/** chalk, which knows terminals and FORCE_COLOR, with the one thing that it leaves to us: NO_COLOR (no-color.org). */
const wanted = (process.env['NO_COLOR'] ?? '') === ''

/** For stdout. */
export const colour = wanted ? out : new Chalk({ level: 0 })
/** For stderr. */
export const colourStderr = wanted ? err : new Chalk({ level: 0 })
