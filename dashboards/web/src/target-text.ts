import type { TargetView } from '#accounts/targets/target-view.ts'
import type { Speech } from './language.tsx'

/** What a target is of: total or intensity, energy or carbon. */
export function targetTitle({ of, per }: TargetView, { t }: Pick<Speech, 't'>): string {
  return t(`targets.${of}.${per === null ? 'total' : 'intensity'}`)
}

/** Its unit as it is printed. */
export const unitText = (unit: string, { t }: Pick<Speech, 't'>): string =>
  unit.replace('CO2', 'CO₂').replace('10⁴CNY', t('targets.tenThousandYuan'))
