import { useState, type ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'

interface FileFieldProps {
  readonly label: string
  /** Kinds of files that are offered. */
  readonly accept: string
  readonly id?: string
  readonly onChoose: (file: File | undefined) => void
}

/** A file to choose, said in the language of the page: what a browser makes of it is in the browser’s own. */
export function FileField({ label, accept, id, onChoose }: FileFieldProps): ReactNode {
  const { t } = useSpeech()
  const [name, setName] = useState<string>()
  return (
    <span className="file-field">
      <label className="file-button">
        <input
          id={id}
          type="file"
          accept={accept}
          aria-label={label}
          onChange={({ target }) => {
            const [file] = target.files ?? []
            setName(file?.name)
            onChoose(file)
          }}
        />
        {t('file.choose')}
      </label>
      <span className="file-name" translate="no">
        {name}
      </span>
    </span>
  )
}
