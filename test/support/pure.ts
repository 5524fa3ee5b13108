/**
 * Folders of tests that only call pure functions: no process, socket or environment of their own. They run without isolation, as the tool for mutants
 * does it (ADR 40): a worker loads each module once, and not for each file, which took longer than most of these tests.
 */
export const PURE = 'test/{capacity,domain,files,journal,judge,plan,protocols,report,wire}/**'
