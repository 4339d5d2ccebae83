import { lazy, type ComponentType } from 'react'
import type { Access } from '#contract/access.ts'
import type { TextKey } from '#dashboards/web/src/language.tsx'
import { NowPage } from '#dashboards/web/src/pages/now.tsx'

/** A page of the menu. Its program is loaded when it is opened first; that of the overview comes with the shell. */
export interface PageRoute {
  readonly path: string
  readonly title: TextKey
  readonly page: ComponentType
  readonly needs: Access
  /** False for pages that an enterprise user has nothing to see on. */
  readonly forEnterprises: boolean
  /** False for a page of one thing, which is reached from others. */
  readonly inMenu?: false
}

const EnterprisePage = lazy(async () => ({
  default: (await import('#dashboards/web/src/pages/enterprise.tsx')).EnterprisePage,
}))
const FactorsPage = lazy(async () => ({
  default: (await import('#dashboards/web/src/pages/factors.tsx')).FactorsPage,
}))

export const routes: readonly PageRoute[] = [
  { path: '/', title: 'page.now', page: NowPage, needs: 'read', forEnterprises: true },
  {
    path: '/enterprises',
    title: 'page.enterprise',
    page: EnterprisePage,
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/enterprises/:id',
    title: 'page.enterprise',
    page: EnterprisePage,
    needs: 'read',
    forEnterprises: true,
    inMenu: false,
  },
  {
    path: '/meters/:id',
    title: 'page.meter',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/meter.tsx')).MeterPage })),
    needs: 'read',
    forEnterprises: true,
    inMenu: false,
  },
  {
    path: '/alarms',
    title: 'page.alarms',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/alarms.tsx')).AlarmsPage })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/quality',
    title: 'page.quality',
    page: lazy(async () => ({
      default: (await import('#dashboards/web/src/pages/quality.tsx')).QualityPage,
    })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/fleet',
    title: 'page.fleet',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/fleet.tsx')).FleetPage })),
    needs: 'read',
    forEnterprises: false,
  },
  {
    path: '/account',
    title: 'page.account',
    page: lazy(async () => ({
      default: (await import('#dashboards/web/src/pages/account.tsx')).AccountPage,
    })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/balance',
    title: 'page.balance',
    page: lazy(async () => ({
      default: (await import('#dashboards/web/src/pages/balance.tsx')).BalancePage,
    })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/targets',
    title: 'page.targets',
    page: lazy(async () => ({
      default: (await import('#dashboards/web/src/pages/targets.tsx')).TargetsPage,
    })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/reports',
    title: 'page.reports',
    page: lazy(async () => ({
      default: (await import('#dashboards/web/src/pages/reports.tsx')).ReportsPage,
    })),
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/factors',
    title: 'page.factors',
    page: FactorsPage,
    needs: 'read',
    forEnterprises: true,
  },
  {
    path: '/factors/*',
    title: 'page.factors',
    page: FactorsPage,
    needs: 'read',
    forEnterprises: true,
    inMenu: false,
  },
  {
    path: '/trace/*',
    title: 'page.trace',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/trace.tsx')).TracePage })),
    needs: 'read',
    forEnterprises: true,
    inMenu: false,
  },
  {
    path: '/users',
    title: 'page.users',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/users.tsx')).UsersPage })),
    needs: 'administer',
    forEnterprises: false,
  },
  {
    path: '/tokens',
    title: 'page.tokens',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/tokens.tsx')).TokensPage })),
    needs: 'administer',
    forEnterprises: false,
    inMenu: false,
  },
  {
    path: '/audit',
    title: 'page.audit',
    page: lazy(async () => ({ default: (await import('#dashboards/web/src/pages/audit.tsx')).AuditPage })),
    needs: 'read',
    forEnterprises: false,
  },
]
