// The package as it is installed: in a folder of its own, with what its manifest lists and no more.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const own = fileURLToPath(new URL('..', import.meta.url))
export const manifest = JSON.parse(readFileSync(path.join(own, 'package.json'), 'utf8'))
export const PLATFORM = `linux-${process.arch}-gnu`
export const LIBRARY = process.env.KASSA_NODE_LIBRARY || path.join(own, `kassa.${PLATFORM}.node`)

// A shop with `kassa` in node_modules, without a native library.
export function shop() {
  const folder = mkdtempSync(path.join(tmpdir(), 'kassa-shop-'))
  const modules = path.join(folder, 'node_modules')
  for (const name of ['package.json', ...manifest.files]) {
    if (name !== 'CHANGELOG.md') cpSync(path.join(own, name), path.join(modules, 'kassa', name), { recursive: true })
  }
  return {
    folder,
    modules,
    // The package of a platform, with these files.
    platform(name, files = {}) {
      const place = path.join(modules, `kassa-${name}`)
      mkdirSync(path.join(place, 'bin'), { recursive: true })
      const main = `kassa.${name}.node`
      writeFileSync(path.join(place, 'package.json'), JSON.stringify({ name: `kassa-${name}`, version: manifest.version, main }))
      for (const [file, content] of Object.entries(files)) {
        writeFileSync(path.join(place, file), content)
        chmodSync(path.join(place, file), 0o755)
      }
      return place
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
