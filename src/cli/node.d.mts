/** The path of a Node that can run matchday, or undefined where there is none. */
export declare function findNode(): string | undefined
export declare function isNewEnough(): boolean
export declare function runWithNode(args: readonly string[], options?: { readonly lifeline?: boolean }): void
