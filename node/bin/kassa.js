#!/usr/bin/env node
'use strict'

// Runs the program `kassa` of the platform's package, or the one that KASSA_PROGRAM names.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { isatty } = require('node:tty')
const { folder, missing, path, platform } = require('../platform.js')

// The terminal sends this to both of us.
const OF_THE_TERMINAL = ['SIGINT', 'SIGQUIT']

function run(words) {
  const place = folder()
  const program = process.env.KASSA_PROGRAM || (place && path.join(place, 'bin', 'kassa'))
  if (!program) return given(missing())
  const child = spawn(program, words, { stdio: 'inherit' })
  // `process.stdin` is not touched: Node would have its reads not wait, and the program's with them.
  for (const signal of [...OF_THE_TERMINAL, 'SIGTERM', 'SIGHUP']) {
    const isTold = OF_THE_TERMINAL.includes(signal) && isatty(0)
    process.on(signal, () => isTold || child.kill(signal))
  }
  child.on('error', (error) => {
    given(`${program} cannot be run (${error.code}): install kassa-${platform} again, or correct KASSA_PROGRAM`)
  })
  child.on('exit', (code, signal) => {
    if (signal) process.removeAllListeners(signal).kill(process.pid, signal)
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
}

function given(up) {
  console.error(`kassa: there is no program to run: ${up}`)
  process.exitCode = 1
}

module.exports = { run }
if (require.main === module) run(process.argv.slice(2))
