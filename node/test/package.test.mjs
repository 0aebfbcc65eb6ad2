// What is published: its manifest, its types for import and require, its licences.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './emulator.mjs'
import { manifest, own } from './installed.mjs'

test('publint and arethetypeswrong have nothing to say', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'check', '--silent'], { cwd: own, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /All good!/)
  assert.match(stdout, /No problems found/)
})

test('every file of the package that is needed is in it', () => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: own, encoding: 'utf8' }))
  const packed = files.map((file) => file.path)
  for (const name of [...Object.values(manifest.bin), 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'index.d.mts', 'npm/platforms.json']) {
    assert.ok(packed.includes(name), name)
  }
  // The library is in a package of its own.
  assert.ok(!packed.some((name) => name.endsWith('.node')))
  const sources = packed.filter((name) => /\.[cm]?js$/.test(name))
  for (const name of sources) {
    for (const [, needed] of readFileSync(path.join(own, name), 'utf8').matchAll(/(?:require\(|from )'(\.[^']+)'/g)) {
      assert.ok(packed.includes(path.join(path.dirname(name), needed)), `${name} needs ${needed}`)
    }
  }
  for (const name of Object.values(manifest.bin)) {
    assert.equal(files.find((file) => file.path === name).mode & 0o111, 0o111, name)
  }
})

test('the licences are those of the repository', () => {
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) {
    assert.equal(readFileSync(path.join(own, name), 'utf8'), readFileSync(path.join(root, name), 'utf8'))
  }
})
