import { dispatch } from './dispatch.ts'
import { edgeVerbs } from './edge-verbs.ts'

await dispatch({
  demo: async () => (await import('./verbs/demo.ts')).demo,
  serve: async () => (await import('./verbs/serve.ts')).serve,
  ingest: async () => (await import('./verbs/ingest.ts')).ingest,
  ...edgeVerbs,
  check: async () => (await import('./verbs/check-all.ts')).checkAll,
  simulate: async () => (await import('./verbs/simulate.ts')).simulate,
  'simulate park': async () => (await import('./verbs/park.ts')).park,
  'simulate history': async () => (await import('./verbs/history.ts')).history,
  doctor: async () => (await import('./verbs/doctor.ts')).doctor,
  import: async () => (await import('./verbs/import.ts')).importFiles,
  'quarantine list': async () => (await import('./verbs/quarantine-list.ts')).quarantineList,
  'quarantine show': async () => (await import('./verbs/quarantine-list.ts')).quarantineShow,
  'quarantine replay': async () => (await import('./verbs/quarantine-decide.ts')).quarantineReplay,
  'quarantine discard': async () => (await import('./verbs/quarantine-decide.ts')).quarantineDiscard,
  'gaps list': async () => (await import('./verbs/gaps.ts')).gapsList,
  'gaps accept': async () => (await import('./verbs/gaps.ts')).gapsAccept,
  grade: async () => (await import('./verbs/grade.ts')).grade,
  'report balance': async () =>
    (await import('./verbs/report.ts')).reportVerb('balance', 'Print the energy balance table'),
  'report statistics': async () =>
    (await import('./verbs/report.ts')).reportVerb(
      'statistics',
      'Print energy by enterprise, process and equipment',
    ),
  'report forms': async () =>
    (await import('./verbs/report.ts')).reportVerb('forms', 'Print forms 205-1 and 205-2 of an enterprise'),
  'report quality': async () =>
    (await import('./verbs/report.ts')).reportVerb('quality', 'Print the data-quality statement'),
  'gateway password': async () => (await import('./verbs/gateway-password.ts')).gatewayPassword,
  'broker rights': async () => (await import('./verbs/broker-rights.ts')).brokerRights,
  'user link': async () => (await import('./verbs/user-link.ts')).userLink,
  'ledger show': async () => (await import('./verbs/ledger.ts')).ledgerShow,
  'ledger statement': async () => (await import('./verbs/ledger.ts')).ledgerStatement,
  'ledger post': async () => (await import('./verbs/ledger-close.ts')).ledgerPost,
  'ledger close': async () => (await import('./verbs/ledger-close.ts')).ledgerClose,
  'ledger reopen': async () => (await import('./verbs/ledger.ts')).ledgerReopen,
  'ledger adjust': async () => (await import('./verbs/ledger.ts')).ledgerAdjust,
  'ledger enter': async () => (await import('./verbs/ledger.ts')).ledgerEnter,
  'ledger reverse': async () => (await import('./verbs/ledger.ts')).ledgerReverse,
  'ledger verify': async () => (await import('./verbs/ledger-close.ts')).ledgerVerify,
  'ledger grade': async () => (await import('./verbs/ledger-grade.ts')).ledgerGrade,
  'ledger export': async () => (await import('./verbs/ledger.ts')).ledgerExport,
  'record enter': async () => (await import('./verbs/record.ts')).recordEnter,
  'record import': async () => (await import('./verbs/record.ts')).recordImport,
  'record list': async () => (await import('./verbs/record.ts')).recordList,
  'configure key': async () => (await import('./verbs/configure-key.ts')).configureKey,
  'configure sign': async () => (await import('./verbs/configure-sign.ts')).configureSign,
  'configure publish': async () => (await import('./verbs/configure-publish.ts')).configurePublish,
})
