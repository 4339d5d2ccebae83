/** A profile of one register, for what is said of any profile. */
export const oneValue = `
make: Test
model: One value
carrier: electricity
evidence: { grade: L, source: this test }
defaults: { function: 3, as: u16 }
limits: { registersPerRequest: 10, bridgeGaps: 0 }
registers:
  voltage.l1: { at: 2302, scale: "0.1" }
`
