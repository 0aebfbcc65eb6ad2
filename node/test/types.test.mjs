// The types: tsc --strict over the samples beside this, and over the examples as JavaScript and as TypeScript.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './emulator.mjs'
import { own, shop } from './installed.mjs'

const compiler = path.join(own, 'node_modules/typescript/bin/tsc')
const examples = readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.mjs'))

function clean(project) {
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
  assert.deepEqual([status, stdout], [0, ''])
}

test('the samples', () => clean(path.join(own, 'test/types')))

test('a project without the types of the DOM and of Node', () => clean(path.join(own, 'test/types/bare.json')))

for (const module of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
  test(`the examples, ${module.module}`, () => {
    const place = shop()
    assert.ok(examples.length > 1)
    mkdirSync(path.join(place.modules, '@types'))
    for (const name of ['@types/node', 'undici-types']) {
      symlinkSync(path.join(own, 'node_modules', name), path.join(place.modules, name))
    }
    for (const name of examples) {
      cpSync(path.join(root, 'examples', name), path.join(place.folder, name))
      cpSync(path.join(root, 'examples', name), path.join(place.folder, `typed-${name.replace('.mjs', '.mts')}`))
    }
    const compilerOptions = {
      ...module,
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      allowJs: true,
      checkJs: true,
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(path.join(place.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mjs', '*.mts'] }))
    clean(place.folder)
    place.remove()
  })
}
