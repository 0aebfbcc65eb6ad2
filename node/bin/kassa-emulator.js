#!/usr/bin/env node
'use strict'

// The vendors on loopback: `kassa emulator` by a name of its own.

require('./kassa.js').run(['emulator', ...process.argv.slice(2)])
