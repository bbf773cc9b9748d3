#!/usr/bin/env node
import { ignoreClosedPipes } from './closed-pipes.js'
import { main } from './qemu-test.js'

ignoreClosedPipes()
process.exitCode = await main(process.argv)
