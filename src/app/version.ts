import { readFileSync } from 'node:fs'

/** This build's version, as in package.json. */
export const VERSION: string = readVersion()

function readVersion(): string {
  // The path is the same from src/app/ and from dist/app/.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return typeof version === 'string' ? version : ''
}
