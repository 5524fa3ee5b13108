/** Label selection is read by the judge, too, which knows no protocol; so it lies in the domain. */
export * from '../../domain/label-selector.ts'
