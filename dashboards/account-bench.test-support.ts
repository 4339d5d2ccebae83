import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { ServerBench } from './server.test-support.ts'
import type { ServerOptions } from './server-options.ts'

/** The real server on real books, in which the first hour of March was measured and posted. */
export class AccountBench {
  readonly posting = new PostingBench()
  readonly server = new ServerBench()

  /** @param over what the server has beside the accounts; `commits` are those that a batch is named by */
  async start(
    { commits = { commitsSince: async () => [] }, ...over }: Partial<ServerOptions> = {},
    plan = planWith(),
  ): Promise<void> {
    const { books, rules, clock } = this.posting
    this.posting.fill('steel-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS })
    await this.posting.post()
    await this.server.start({
      park: smallPark,
      clock,
      accounts: { plan, rules, books, commits },
      ...over,
    })
  }

  async stop(): Promise<void> {
    await this.server.stop()
    this.posting.remove()
  }
}
