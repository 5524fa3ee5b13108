/** Feature flags from a ConfigMap: what can be switched off in an incident to keep the rest alive. */

export const featureNames = ['promo-widget', 'deposits', 'bets', 'payouts'] as const
export type FeatureName = (typeof featureNames)[number]
export type Features = Readonly<Record<FeatureName, boolean>>

/** Parses `promo-widget=on,bets=off`; what is not named is on. Tells `problem` of anything it does not know. */
export function parseFeatures(text: string, problem: (text: string) => void): Features {
  const features: Record<FeatureName, boolean> = { 'promo-widget': true, deposits: true, bets: true, payouts: true }
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [name, value, ...rest] = part.trim().split('=')
    const known = featureNames.find((feature) => feature === name)
    if (known === undefined || rest.length > 0 || (value !== 'on' && value !== 'off')) {
      problem(`FEATURES: ${JSON.stringify(part.trim())} must be one of ${featureNames.join(', ')} with =on or =off`)
    } else {
      features[known] = value === 'on'
    }
  }
  return features
}
