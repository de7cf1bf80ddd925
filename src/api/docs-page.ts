import type { OpenApi } from './openapi.ts'
export function renderDocsPage(_document: OpenApi): string {
  return '<!doctype html><title>Steelyard</title>'
}
