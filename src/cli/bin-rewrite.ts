#!/usr/bin/env node
import { main } from './rewrite-command.js'

process.exitCode = await main(process.argv)
