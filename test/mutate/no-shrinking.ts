/** A property test that fails under a mutant ends at once: nobody reads the smallest example, and the search for it repeats the test hundreds of times. */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true })
