import { hasSimulator, loadSdk } from '../../src/demo/chia/sdk.ts'

/** Chia's wallet SDK, an implementation that is not ours; undefined where it cannot run. */
export const walletSdk = hasSimulator() ? loadSdk() : undefined
