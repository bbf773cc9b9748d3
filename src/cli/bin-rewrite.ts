#!/usr/bin/env node
import { ignoreClosedPipes } from './closed-pipes.js'
import { main } from './rewrite-command.js'

// What host scripts and programs make does not depend on the caller's umask; what must be private is made so.
process.umask(0o022)
ignoreClosedPipes()
process.exitCode = await main(process.argv)
