/** Whether a text is a URL where clients can enter: as `entry` in a target file. */
export const isEntry = (written: string): boolean => /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(written)
