/** What the books keep of gateways: the configuration that was published for each. */

/** A configuration that somebody published from here; the broker has its text. */
export interface PublishedConfiguration {
  readonly gateway: string
  readonly version: number
  /** SHA-256 of its text. */
  readonly digest: string
  readonly atMs: number
  readonly by: string
}

/** Calls are synchronous and each is one transaction, as of all books. Throws `books-unusable`. */
export interface FleetBooks {
  /** The newest of each gateway. */
  publishedConfigurations(): readonly PublishedConfiguration[]

  /** Stands in the place of the one that was published for that gateway before. */
  keepPublished(published: PublishedConfiguration): void
}
