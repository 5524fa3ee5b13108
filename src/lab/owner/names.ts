/** The component that is the kubelet of this node. */
export const kubeletName = (node: string): string => `kubelet-${node}`
