import { keepCompiled } from './compiled.ts'
import { dispatch } from './dispatch.ts'
import { edgeVerbs } from './edge-verbs.ts'

keepCompiled()

await dispatch({
  demo: async () => (await import('./verbs/demo.ts')).demo,
  serve: async () => (await import('./verbs/serve.ts')).serve,
  ingest: async () => (await import('./verbs/ingest.ts')).ingest,
  ...edgeVerbs,
  check: async () => (await import('./verbs/check-all.ts')).checkAll,
  simulate: async () => (await import('./verbs/simulate.ts')).simulate,
  'simulate park': async () => (await import('./verbs/park.ts')).park,
  'simulate history': async () => (await import('./verbs/history.ts')).history,
  import: async () => (await import('./verbs/import.ts')).importFiles,
  grade: async () => (await import('./verbs/grade.ts')).grade,
  'ledger show': async () => (await import('./verbs/ledger.ts')).ledgerShow,
  'ledger statement': async () => (await import('./verbs/ledger.ts')).ledgerStatement,
  'ledger post': async () => (await import('./verbs/ledger-close.ts')).ledgerPost,
  'ledger close': async () => (await import('./verbs/ledger-close.ts')).ledgerClose,
  'ledger reopen': async () => (await import('./verbs/ledger.ts')).ledgerReopen,
  'ledger adjust': async () => (await import('./verbs/ledger.ts')).ledgerAdjust,
  'ledger enter': async () => (await import('./verbs/ledger.ts')).ledgerEnter,
  'ledger reverse': async () => (await import('./verbs/ledger.ts')).ledgerReverse,
  'ledger verify': async () => (await import('./verbs/ledger-close.ts')).ledgerVerify,
  'ledger export': async () => (await import('./verbs/ledger.ts')).ledgerExport,
  'record enter': async () => (await import('./verbs/record.ts')).recordEnter,
  'record import': async () => (await import('./verbs/record.ts')).recordImport,
  'record list': async () => (await import('./verbs/record.ts')).recordList,
  'gateway password': async () => (await import('./verbs/gateway-password.ts')).gatewayPassword,
  'broker rights': async () => (await import('./verbs/broker-rights.ts')).brokerRights,
  'configure key': async () => (await import('./verbs/configure-key.ts')).configureKey,
  'configure sign': async () => (await import('./verbs/configure-sign.ts')).configureSign,
  'configure publish': async () => (await import('./verbs/configure-publish.ts')).configurePublish,
})
