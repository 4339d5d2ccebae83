import { openBooks } from '#store/open.ts'
import { answerOnThread, threadData } from './posting-threads.ts'

/** A thread that reads and computes months of accounts (posting-threads.ts). Whoever gives the tasks writes. */
const data = threadData()
answerOnThread(openBooks(data.file), data)
