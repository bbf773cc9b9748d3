#!/usr/bin/env node
import { main } from './qemu-test.js'

process.exitCode = await main(process.argv)
