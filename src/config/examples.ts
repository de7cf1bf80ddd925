/** A chain id for the texts of errors. */
export const EXAMPLE_CHAIN = 'eip155:1'

/** An asset's CAIP-19 text for the texts of errors, with its address cut. */
export const EXAMPLE_ASSET = `${EXAMPLE_CHAIN}/erc20:0x…`
