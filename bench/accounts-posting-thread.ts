import { answerOnThread, threadData } from '#cli/posting-threads.ts'
import { indexPark } from '#contract/park.ts'
import { openBooks } from '#store/open.ts'
import { withSums } from './made-up-sums.ts'

/** The thread of `tanbiao` that computes postings, over the books of the bench of accounts. */
const data = threadData()
answerOnThread(withSums(openBooks(data.file), indexPark(data.park)), data)
