// @ts-check
/** @module */

/**
 * For `ref`: called once, when the element is in the document. (Lit calls earlier, while it is still being put
 * together.)
 * @param {(element: HTMLElement) => void} use
 * @returns {(element: Element | undefined) => void}
 */
export function whenShown(use) {
  return (element) => {
    queueMicrotask(() => {
      if (element instanceof HTMLElement && element.isConnected) {
        use(element);
      }
    });
  };
}
