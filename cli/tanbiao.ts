import { keepCompiled } from './compiled.ts'
import { installationRoot } from './installation.ts'
import { preparedProgram } from './prepared-program.ts'

keepCompiled()

const prepared = preparedProgram(installationRoot)
await (prepared === undefined ? import('./program.ts') : import(prepared))
