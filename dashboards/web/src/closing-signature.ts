import { signedClosingText, type ClosingDraft } from '#contract/closing.ts'

/** Ed25519 signatures of closings, made in this browser: the private key is read from a file and never leaves it. */

/** False where the browser has no cryptography for pages: over plain HTTP from another machine. */
export const canSignHere = (): boolean => globalThis.isSecureContext

/** PKCS #8 in PEM (RFC 7468), as "tanbiao configure key" writes it. */
const PEM = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/

/** 64 bytes in Base64. */
export const isSignature = (text: string): boolean => /^[A-Za-z0-9+/]{86}==$/.test(text)

/** The private key of a PEM text; undefined where it holds none of Ed25519. It cannot be taken out of the browser's hands. */
export async function signingKeyOf(pem: string): Promise<CryptoKey | undefined> {
  const base64 = PEM.exec(pem)?.[1]
  if (base64 === undefined) return undefined
  try {
    const der = Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (letter) => letter.charCodeAt(0))
    return await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign'])
  } catch (error) {
    // A key of another kind, or none: what the person is told is the same.
    if (error instanceof DOMException) return undefined
    throw error
  }
}

/** Signs what was shown: the text is made here of the draft, never taken from the server. */
export async function signatureOf(draft: ClosingDraft, key: CryptoKey): Promise<string> {
  const bytes = await crypto.subtle.sign('Ed25519', key, new TextEncoder().encode(signedClosingText(draft)))
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
