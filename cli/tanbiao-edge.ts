import { dispatch } from './dispatch.ts'
import { edgeVerbs } from './edge-verbs.ts'

/** The program of a gateway: what `npm run build:edge` makes one file of. */
await dispatch(edgeVerbs)
