import { Children, Component, Fragment, isValidElement, type ReactNode } from 'react'
import { useHashLocation } from 'wouter/use-hash-location'
import { useSpeech } from '#dashboards/web/src/language.tsx'

interface FailedPartProps {
  readonly error: unknown
  readonly onAgain: () => void
}

function FailedPart({ error, onAgain }: FailedPartProps): ReactNode {
  const { t } = useSpeech()
  const what = error instanceof Error ? error.message : String(error)
  return (
    <section className="panel" role="alert" data-testid="failed-part">
      <p className="is-incomplete">{t('failed.part')}</p>
      <p className="panel-note">{t('failed.partWhat', { what })}</p>
      <button type="button" className="link" onClick={onAgain}>
        {t('failed.partAgain')}
      </button>
    </section>
  )
}

interface BoundaryState {
  readonly failed: { readonly error: unknown } | undefined
  readonly address: string
}

interface CatchingProps {
  readonly children: ReactNode
  readonly address: string
}

class Catching extends Component<CatchingProps, BoundaryState> {
  override state: BoundaryState = { failed: undefined, address: this.props.address }

  static getDerivedStateFromError(error: unknown): Pick<BoundaryState, 'failed'> {
    return { failed: { error } }
  }

  /** Another address is another thing to show. */
  static getDerivedStateFromProps({ address }: CatchingProps, state: BoundaryState): BoundaryState | null {
    return address === state.address ? null : { failed: undefined, address }
  }

  override render(): ReactNode {
    const { failed } = this.state
    if (failed === undefined) return this.props.children
    return <FailedPart error={failed.error} onAgain={() => this.setState({ failed: undefined })} />
  }
}

/** What fails within it says so in its place; what stands beside it lives on. The browser's console has the stack. */
export function Boundary({ children }: { readonly children: ReactNode }): ReactNode {
  const [address] = useHashLocation()
  return <Catching address={address}>{children}</Catching>
}

interface FragmentProps {
  readonly children?: ReactNode
}

/** The parts of a page, each with a boundary of its own: one that fails takes no other with it. */
export function Parts({ children }: { readonly children: ReactNode }): ReactNode {
  return Children.toArray(children).map((part, place) => {
    const key = isValidElement(part) ? part.key : place
    return isValidElement<FragmentProps>(part) && part.type === Fragment ? (
      <Parts key={key}>{part.props.children}</Parts>
    ) : (
      <Boundary key={key}>{part}</Boundary>
    )
  })
}
