/** The process of a simulated chain for tests. It is started by `startTestWorld`. */
import { answerParent } from '../../../src/demo/chia/commands.ts'
import { loadSdk } from '../../../src/demo/chia/sdk.ts'
import { TestWorld } from './test-world.ts'

answerParent(new TestWorld(loadSdk(), JSON.parse(process.argv[2] ?? '{}')))
