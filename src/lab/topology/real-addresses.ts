/** Set by the owner of a lab whose pods have network namespaces, for all its programs and in all its pods. */
export const REAL_ADDRESSES_VARIABLE = 'MATCHDAY_REAL_ADDRESSES'

/**
 * Whether this process runs where cluster addresses are real: inside the network of a lab with namespaces. It is a fact about the process,
 * like its network, and so read once.
 */
export const REAL_ADDRESSES: boolean = process.env[REAL_ADDRESSES_VARIABLE] === '1'
