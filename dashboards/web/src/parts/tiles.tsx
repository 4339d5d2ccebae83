import type { ReactNode } from 'react'
import { carriers } from '#contract/carriers.ts'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import type { EnergyLine, EnergyTotal, Overview, PowerLine } from '#dashboards/api/shapes.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { exactText, roundText, valueText } from '#dashboards/web/src/numbers.ts'
import { energyTrace, powerTrace, WHOLE_PARK } from '#dashboards/web/src/trace-paths.ts'
import { DayTile } from './day-tile.tsx'
import { Hint } from './hint.tsx'
import { Tile } from './tile.tsx'
import { Traced } from './traced.tsx'

/** How complete a total is, in one line; what is missing is named, and counted on asking. */
export function Completeness({ energy }: { energy: EnergyTotal }): ReactNode {
  const { t } = useSpeech()
  const { known, partial, missing, pending, expected } = energy
  const text =
    energy.total === null
      ? t('total.nothing')
      : energy.complete
        ? t('total.complete')
        : t('total.incomplete', { known: known - partial, expected: expected - pending })
  const tone = energy.complete ? 'is-complete' : 'is-incomplete'
  return (
    <Hint text={t('total.hint', { known, partial, missing, pending, expected })}>
      <span className={`completeness ${tone}`}>{text}</span>
    </Hint>
  )
}

/** With all its digits, where it is what a table or a step of a trace is about. */
export function energyText(total: string | null): string {
  return total === null ? '—' : exactText(total)
}

/** With the digits of a measured value, where it is one figure among others. */
export function roundEnergyText(total: string | null, locale: string): string {
  return total === null ? '—' : roundText(total, locale)
}

function PowerNote({ power }: { power: PowerLine }): ReactNode {
  const { t } = useSpeech()
  const { counted, expected } = power
  return counted < expected ? (
    <span className="is-incomplete">{t('tile.metersMissing', { missing: expected - counted })}</span>
  ) : (
    <span>{t('tile.allMeters', { counted, expected })}</span>
  )
}

interface TilesProps {
  readonly overview: Overview
  readonly day: DayView | undefined
  /** Sums are opened down to the register; not on a wall, where there is nothing to press. */
  readonly traced?: boolean
}

/** The park in a row of figures, each with its unit and with what is not in it. */
export function Tiles({ overview, day, traced = false }: TilesProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const today = dayOf(nowMs, timeZone)
  const traceOf = ({ carrier, flow }: EnergyLine): string | undefined =>
    traced ? energyTrace({ scope: WHOLE_PARK, carrier, flow, from: today, to: today }) : undefined
  const ofPark = overview.energy.filter(({ enterprise }) => enterprise === null)
  const power = overview.power.find(({ enterprise, flow }) => enterprise === null && flow === 'in')
  const solarPower = overview.power.find(({ enterprise, flow }) => enterprise === null && flow === 'produced')
  const line = (carrier: EnergyLine['carrier'], flow: EnergyLine['flow']): EnergyLine | undefined =>
    ofPark.find((each) => each.carrier === carrier && each.flow === flow)
  const electricity = line('electricity', 'in')
  const solar = line('electricity', 'produced')
  const others = ofPark.filter(({ carrier, flow }) => carrier !== 'electricity' && flow === 'in')
  const powerText = (each: PowerLine): string => (each.value === null ? '—' : valueText(each.value, locale))
  const online = overview.gateways.filter(({ state }) => state === 'online').length
  const metersOk = overview.meters.filter(({ state }) => state === 'ok').length

  return (
    <div className="tiles">
      {power !== undefined && (
        <Tile
          name={t('tile.power')}
          testId="tile-power"
          value={powerText(power)}
          unit={power.unit}
          trace={traced ? powerTrace(WHOLE_PARK, 'in') : undefined}
        >
          <span>{t('tile.power.note')}</span>
          <PowerNote power={power} />
        </Tile>
      )}
      {electricity !== undefined && (
        <Tile
          name={t('tile.energy')}
          testId="tile-energy"
          value={roundEnergyText(electricity.total, locale)}
          unit={electricity.unit}
          trace={traceOf(electricity)}
        >
          <Completeness energy={electricity} />
        </Tile>
      )}
      {day !== undefined && <DayTile day={day} traced={traced} />}
      {solarPower !== undefined && (
        <Tile
          name={t('tile.solar')}
          testId="tile-solar"
          value={powerText(solarPower)}
          unit={solarPower.unit}
          trace={traced ? powerTrace(WHOLE_PARK, 'produced') : undefined}
        >
          {solar !== undefined && (
            <>
              <span>
                {t('tile.solar.today')}{' '}
                <Traced href={traceOf(solar)}>
                  <span className="number">{roundEnergyText(solar.total, locale)}</span> {solar.unit}
                </Traced>
              </span>
              <Completeness energy={solar} />
            </>
          )}
        </Tile>
      )}
      {others.map((energy) => (
        <Tile
          key={`${energy.carrier} ${energy.unit}`}
          name={t('tile.carrier', { carrier: nameOf(carriers[energy.carrier]) })}
          testId={`tile-${energy.carrier}`}
          value={roundEnergyText(energy.total, locale)}
          unit={energy.unit}
          trace={traceOf(energy)}
        >
          <Completeness energy={energy} />
        </Tile>
      ))}
      <section className="tile" data-testid="tile-online">
        <h2>{t('tile.online')}</h2>
        <p className="tile-value tile-pair">
          <span className={online < overview.gateways.length ? 'is-trouble' : ''}>
            <span className="number">
              {online}/{overview.gateways.length}
            </span>{' '}
            <span className="unit">{t('tile.online.gateways')}</span>
          </span>
          <span className={metersOk < overview.meters.length ? 'is-trouble' : ''}>
            <span className="number">
              {metersOk}/{overview.meters.length}
            </span>{' '}
            <span className="unit">{t('tile.online.meters')}</span>
          </span>
        </p>
      </section>
    </div>
  )
}
