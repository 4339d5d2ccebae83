import type { ReactNode } from 'react'
import { Card, Table, type TableColumnsType } from 'antd'
import type { Fetched } from '#dashboards/web/src/answers.ts'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

interface AccessTableProps<Row> {
  readonly answer: Fetched<readonly Row[]>
  readonly columns: TableColumnsType<Row>
  /** What is said where there are none. */
  readonly none?: string
}

/** A list of those who may come in; one that could not be read is not shown as an empty one. */
export function AccessTable<Row extends { readonly id: number | string }>({
  answer: { data, failed, failure },
  columns,
  none,
}: AccessTableProps<Row>): ReactNode {
  return (
    <>
      <NotRead why={failure} />
      {(data !== undefined || !failed) && (
        <Card>
          <Table<Row>
            scroll={{ x: 'max-content' }}
            rowKey="id"
            size="small"
            pagination={false}
            columns={columns}
            dataSource={data ?? []}
            loading={data === undefined}
            {...(none === undefined ? {} : { locale: { emptyText: <Nothing text={none} /> } })}
          />
        </Card>
      )}
    </>
  )
}
