/** The process of the simulator: `simulator-process OPTIONS`. It is started by `startChiaWorld`. */
import { answerParent } from './commands.ts'
import { loadSdk } from './sdk.ts'
import { ChiaWorld } from './world.ts'

answerParent(new ChiaWorld(loadSdk(), JSON.parse(process.argv[2] ?? '{}')))
