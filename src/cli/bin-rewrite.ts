#!/usr/bin/env node
import { ignoreClosedPipes } from './closed-pipes.js'
import { main } from './rewrite-command.js'

ignoreClosedPipes()
process.exitCode = await main(process.argv)
