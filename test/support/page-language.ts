import type { Page } from 'playwright-core'
import { z } from 'zod'
import type { View } from './page-walk.ts'

/** Words of the other language on a page: in its texts, in what pointers and screen readers get, and in its charts. */

/** Keeps what is drawn as text on a canvas, which no element holds. Before the first page is opened. */
export async function keepDrawnTexts(page: Page): Promise<void> {
  await page.addInitScript(`
    window.drawnTexts = new Set()
    for (const name of ['fillText', 'strokeText']) {
      const draw = CanvasRenderingContext2D.prototype[name]
      CanvasRenderingContext2D.prototype[name] = function (text, ...rest) {
        window.drawnTexts.add(String(text))
        return draw.call(this, text, ...rest)
      }
    }`)
}

/** Begins anew: what was drawn in another language is not of the page that comes. */
export async function forgetDrawnTexts(page: Page): Promise<void> {
  await page.evaluate('window.drawnTexts.clear()')
}

/**
 * Everything that is said, without what stands as it was written (codes, documents, words of persons, languages by their own
 * names), which the page marks with translate="no", without pictures that their library names itself, and without the list in
 * which it keeps the values of a choice beside their labels.
 */
const said = `[...[...document.querySelectorAll('body *')]
  .filter((each) => each.closest('[translate=no], code, pre, script, style, .anticon, .ant-select-dropdown [role=listbox]') === null)
  .flatMap((each) => [
    ...[...each.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ textContent }) => textContent),
    each.getAttribute('title'), each.getAttribute('aria-label'), each.getAttribute('placeholder'),
  ]), ...window.drawnTexts, document.title]
  .filter((text) => typeof text === 'string' && text.trim() !== '')`

/** Units, formats, standards, and names of programs, models and files, which are the same in any language. */
const sameInAny = new RegExp(
  String.raw`\b(?:[kMG]?Wh?|k?varh?|kVAh?|[kM]?Pa|GJ|MJ|k?g?tce|[tk]?g?CO|kg|Nm|Hz|[kM]i?B|XLSX|CSV|PDF|JSON|YAML|Base64|THD|CT|PT|PV|CHP|IT|GB|HJ|MWp|SHA|UTC|tanbiao(?: [a-z-]+)*|EN|AB|BC|CA|min|API|Authorization: Bearer|SDM|DTSD|Modbus|admin)\b|\b[\w.-]+\.(?:yaml|json|pdf|xlsx|csv)\b|[\w-]+(?:[/_.-][\w-]+)+`,
  'g',
)

/** A coefficient in the notes of a report, which ends in the name of its document, as that names itself. */
const documented = /^(?:! )?[\w-]+(?:\/[\w-]+)+.* = [\d.]+ kgce\/.*$/s

/** A text that somebody who reads `language` alone would stumble over. */
export function isStrange(text: string, language: View['language']): boolean {
  const words = text.replace(documented, '').replaceAll(sameInAny, '')
  return language === 'zh' ? /[A-Za-z]{2,}/.test(words) : /\p{Script=Han}/u.test(words)
}

/** Texts of the other language on the page that is open, each once. */
export async function strangeTexts(page: Page, language: View['language']): Promise<string[]> {
  const texts = z.array(z.string()).parse(await page.evaluate(said))
  return [...new Set(texts)].filter((text) => isStrange(text, language))
}
