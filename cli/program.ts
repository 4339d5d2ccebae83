import { dispatch } from './dispatch.ts'
import { allVerbs } from './verb-table.ts'

await dispatch(allVerbs)
