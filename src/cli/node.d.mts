/** The oldest Node for the npm package. */
export declare const NODE_MIN_COMPILED: string
/** The path of a Node that can run matchday, or undefined where there is none. */
export declare function findNode(): string | undefined
export declare function isNewEnough(): boolean
export declare function runWithNode(args: readonly string[], options?: { readonly lifeline?: boolean }): void
