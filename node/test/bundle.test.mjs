// Bundlers: with `external` the bundle works; without it the error says so.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import webpack from 'webpack'
import { LIBRARY, PLATFORM, manifest, shop } from './installed.mjs'

let place
before(() => {
  place = shop()
  place.platform(PLATFORM, { [`kassa.${PLATFORM}.node`]: readFileSync(LIBRARY) })
  writeFileSync(path.join(place.folder, 'app.mjs'), "import { InDoubtError, Modulkassa, version } from 'kassa'\nconsole.log(version, Modulkassa.vendor, InDoubtError.name)\n")
  writeFileSync(path.join(place.folder, 'app.cjs'), "const { InDoubtError, Modulkassa, version } = require('kassa')\nconsole.log(version, Modulkassa.vendor, InDoubtError.name)\n")
})
after(() => place.remove())

const BUNDLERS = {
  async esbuild(entry, outfile, external) {
    const { warnings } = await build({
      absWorkingDir: place.folder,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: outfile.endsWith('.mjs') ? 'esm' : 'cjs',
      external: external ? ['kassa'] : [],
      logLevel: 'silent',
    })
    return warnings
  },
  async webpack(entry, outfile, external) {
    const isModule = outfile.endsWith('.mjs')
    const stats = await promisify(webpack)({
      context: place.folder,
      entry: `./${entry}`,
      output: { path: path.dirname(outfile), filename: path.basename(outfile), ...(isModule && { module: true, chunkFormat: 'module' }) },
      experiments: { outputModule: isModule },
      target: 'node20',
      mode: 'production',
      externals: external ? { kassa: `${isModule ? 'module' : 'commonjs'} kassa` } : {},
    })
    assert.deepEqual(stats.toJson().errors, [])
    return stats.toJson().warnings
  },
}

function said(bundle) {
  const { stdout, stderr } = spawnSync(process.execPath, [bundle], { encoding: 'utf8', env: { ...process.env, KASSA_NODE_LIBRARY: '' } })
  return stdout + stderr
}

const WORKS = `${manifest.version} modulkassa InDoubtError\n`

for (const [name, bundled] of Object.entries(BUNDLERS)) {
  for (const form of ['mjs', 'cjs']) {
    test(`${name}, ${form}: with \`external\` it works`, async () => {
      const bundle = path.join(place.folder, `dist/${name}.${form}`)
      assert.deepEqual(await bundled(`app.${form}`, bundle, true), [])
      assert.equal(said(bundle), WORKS)
    })

    test(`${name}, ${form}: without it the error says what to do`, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'kassa-bundle-'))
      const bundle = path.join(folder, `app.${form}`)
      await bundled(`app.${form}`, bundle, false)
      assert.match(said(bundle), /Error: .*kassa was bundled, and a native library cannot be: name `kassa` as `external` .* \(https:\S+docs\/node\.md\)\n/)
      rmSync(folder, { recursive: true })
    })
  }
}

test('rollup: with `external` it works', async () => {
  const bundle = await rollup({ input: path.join(place.folder, 'app.mjs'), external: ['kassa'] })
  for (const [format, name] of [['es', 'rollup.mjs'], ['cjs', 'rollup.cjs']]) {
    const file = path.join(place.folder, 'dist', name)
    await bundle.write({ file, format })
    assert.equal(said(file), WORKS)
  }
})
