export const KARPENTER_NAMESPACE = 'karpenter'
/** The NodePool and the KWOKNodeClass of the lab. Nodes are named after it: `lab-x7k2p`. */
export const LAB_POOL = 'lab'
