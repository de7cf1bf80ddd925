/**
 * Which store a URL names, and how many connections servers have to it, as far as the engine knows. Two URLs of one store have
 * the same `identity`. `place`: for messages, without secrets.
 */
export type StoreUse = { readonly identity: string; readonly place: string; readonly connections: number }
