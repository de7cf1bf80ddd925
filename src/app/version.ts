import { readFileSync } from 'node:fs'

/** This build's version, as in package.json. */
export const VERSION: string = readVersion()

function readVersion(): string {
  // From src/ and from dist/ alike, the package's own file is one folder up.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return typeof version === 'string' ? version : ''
}
