import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a module of this folder as a thread. In `dist` the module is compiled; from the sources, in development and
 * tests, tsx compiles it in the thread.
 */
export function startThread(module: string, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${module}.js`, import.meta.url), options)
  const entry = new URL(`./${module}.ts`, import.meta.url).href
  const code = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(code, { ...options, eval: true })
}
